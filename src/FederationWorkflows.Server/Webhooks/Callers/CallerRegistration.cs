namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>Registers the checks of who calls a webhook.</summary>
internal static class CallerRegistration
{
    public static IServiceCollection AddWebhookCallers(this IServiceCollection services)
    {
        services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section);
        services.AddSingleton<OidcKeys>();
        services.AddSingleton<OidcCaller>();
        services.AddSingleton<SnsCaller>();
        services.AddSingleton<ResumeClaims>();
        return services.AddSingleton<CallerVerification>();
    }
}
