using System.Diagnostics;
using FederationWorkflows.Federation;
using FederationWorkflows.Http.Outbound;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>Registers what the server tells of itself.</summary>
internal static class TelemetryRegistration
{
    /// <summary>Sends traces and metrics where the configuration says; nothing when it does not say. Call it before what is to be traced to its end is added.</summary>
    /// <exception cref="OptionsValidationException">The settings are wrong.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (TelemetrySettings.Read(builder.Configuration) is not { } settings)
        {
            return;
        }

        builder.Services.AddSingleton(settings);
        builder.Services.AddHostedService<TelemetryExport>();
        builder.Services.AddSingleton<DistributedContextPropagator, CallersAreStrangers>();
    }

    /// <summary>Calls to clouds are told of as the requests of stories are.</summary>
    public static IServiceCollection AddCloudSpans(this IServiceCollection services)
    {
        foreach (var (client, destination) in new[]
        {
            (FederationHttpClients.Google, "google"), (FederationHttpClients.GoogleMetadata, "google-metadata"), (FederationHttpClients.GoogleApis, "google"),
            (FederationHttpClients.Aws, "aws"), (FederationHttpClients.AwsObjects, "aws"), (FederationHttpClients.AwsMetadata, "aws-metadata"),
        })
        {
            services.AddHttpClient(client).AddHttpMessageHandler(provider => new OutboundTelemetry(destination, provider.GetRequiredService<IOptions<OutboundPolicy>>().Value));
        }

        return services;
    }
}
