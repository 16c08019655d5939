using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Http.Outbound;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http;

/// <summary>Registers the HTTP activities and what they need.</summary>
public static class HttpActivitiesServiceCollectionExtensions
{
    /// <summary>
    /// Adds the HTTP activities as an <see cref="IActivityProvider"/> and the guarded way out as <see cref="IOutboundHttp"/>. Reads the sections
    /// <see cref="OutboundPolicy.Section"/> and <see cref="HttpRequestLimits.Section"/>; wrong settings stop the host from starting.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configuration">The host's whole configuration.</param>
    public static IServiceCollection AddHttpActivities(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OutboundPolicy>().Bind(configuration.GetSection(OutboundPolicy.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OutboundPolicy>, OutboundPolicyValidation>());
        services.AddOptions<HttpRequestLimits>().Bind(configuration.GetSection(HttpRequestLimits.Section)).ValidateOnStart()
            .Validate(limits => limits.MaxBodyBytes is >= 0 and <= 1L << 30, $"{HttpRequestLimits.Section}:{nameof(HttpRequestLimits.MaxBodyBytes)} must be from 0 to 1073741824.")
            .Validate(limits => limits is { MaxFormFields: >= 1, MaxFieldNameLength: >= 1 }, $"{HttpRequestLimits.Section}: {nameof(HttpRequestLimits.MaxFormFields)} and {nameof(HttpRequestLimits.MaxFieldNameLength)} must be at least 1.");
        services.TryAddSingleton<IHostResolver, SystemHostResolver>();
        services.TryAddSingleton<IOutboundHttp, OutboundHttp>();
        services.AddSingleton<IActivityProvider>(TypedActivityProvider.FromAssemblyOf<OutboundPolicy>());
        return services;
    }

    private sealed class OutboundPolicyValidation : IValidateOptions<OutboundPolicy>
    {
        public ValidateOptionsResult Validate(string? name, OutboundPolicy options)
        {
            try
            {
                _ = new OutboundRules(options);
                return ValidateOptionsResult.Success;
            }
            catch (OptionsValidationException e)
            {
                return ValidateOptionsResult.Fail(e.Failures);
            }
        }
    }
}
