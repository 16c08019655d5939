using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Oidc;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;

namespace FederationWorkflows.Server.Access;

/// <summary>Adds users, sessions and keys to the server.</summary>
internal static class AccessRegistration
{
    public static IServiceCollection AddSignIn(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SignInOptions>().BindConfiguration(SignInOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSessionCookie().AddOidc(configuration);
        services.AddSingleton<Passwords>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<IPeople>(provider => provider.GetRequiredService<UserDirectory>());
        services.AddSingleton<UserAdministration>();
        services.AddSingleton<SetUp>();
        services.AddHostedService(provider => provider.GetRequiredService<SetUp>());
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<PasswordSignIn>();
        services.AddSingleton<ApiKeys>();
        return services.AddSingleton<ApiKeyAuthenticator>();
    }

    public static void MapSignIn(this IEndpointRouteBuilder api)
    {
        api.MapOwnAccount();
        api.MapUsers();
        api.MapKeys();
    }
}
