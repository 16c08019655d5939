using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Runtime.Definitions;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Federation;

/// <summary>Adds what a server with several people and an audit log wants of its connections.</summary>
internal static class FederationRegistration
{
    public static IServiceCollection AddConnectionRules(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FederationOptions>, ConnectionRoles>());
        services.AddSingleton<StoryConnections>();
        services.AddSingleton<IStoryAccess>(provider => provider.GetRequiredService<StoryConnections>());
        services.AddSingleton<ConnectionViews>();
        services.AddSingleton<ConnectionChecks>();
        return services.AddSingleton<IExchangeObserver, ExchangeAudit>();
    }
}
