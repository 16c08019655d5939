using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Pages.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Oidc;

/// <summary>Adds signing in with a provider, where one is configured.</summary>
internal static partial class OidcRegistration
{
    private const string Scheme = "oidc";

    private const string CallbackPath = "/sign-in/provider/callback";

    public static void AddOidc(this AuthenticationBuilder authentication, IConfiguration configuration)
    {
        var services = authentication.Services;
        services.AddOptions<OidcOptions>().BindConfiguration(OidcOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OidcOptions>, OidcOptionsValidator>();
        if (string.IsNullOrEmpty(configuration[$"{OidcOptions.Section}:{nameof(OidcOptions.Authority)}"]))
        {
            return;
        }

        services.AddSingleton<OidcProvider>();
        services.AddSingleton<OidcUsers>();
        services.AddOptions<OAuthOptions>(Scheme).Configure<IOptions<OidcOptions>, OidcProvider>((oauth, oidc, provider) => Configure(oauth, oidc.Value, provider));
        authentication.AddOAuth<OAuthOptions, OidcHandler>(Scheme, _ => { });
    }

    public static void MapOidc(this IEndpointRouteBuilder pages)
    {
        if (pages.ServiceProvider.GetRequiredService<IOptions<OidcOptions>>().Value.IsConfigured)
        {
            pages.MapGet("/sign-in/provider", ChallengeAsync).OpenToEverybody();
        }
    }

    private static async Task<IResult> ChallengeAsync(string? returnUrl, HttpContext context, ILoggerFactory loggers)
    {
        try
        {
            // The handler redirects by itself; what it did not start is left to the result.
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = $"{context.Request.PathBase}/{LocalAddress.Check(returnUrl)}" });
            return Results.Empty;
        }
        catch (HttpRequestException e)
        {
            LogUnavailable(Logger(loggers), e.Message);
            return SignInPages.SignInPage(context, returnUrl, null, "The provider does not answer at the moment; the server's log says why.", StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static void Configure(OAuthOptions oauth, OidcOptions oidc, OidcProvider provider)
    {
        oauth.SignInScheme = SessionCookie.Scheme;
        oauth.CallbackPath = CallbackPath;
        oauth.ClientId = oidc.ClientId!;
        oauth.ClientSecret = oidc.ReadSecret();
        oauth.UsePkce = true;
        oauth.Scope.Add("openid");
        foreach (var scope in oidc.Scopes.Count > 0 ? oidc.Scopes : ["profile", "email"])
        {
            oauth.Scope.Add(scope);
        }

        // The handler puts the discovered ones here before it uses them.
        oauth.AuthorizationEndpoint = oidc.Issuer;
        oauth.TokenEndpoint = oidc.Issuer;
        oauth.Backchannel = provider.Client;
        oauth.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        oauth.CorrelationCookie.SameSite = SameSiteMode.Lax;
        oauth.Events.OnRemoteFailure = FailAsync;
    }

    /// <summary>The person is back without being signed in: says why on the sign-in page, as far as it is his business.</summary>
    private static async Task FailAsync(RemoteFailureContext failure)
    {
        var context = failure.HttpContext;
        failure.HandleResponse();
        LogFailed(Logger(context.RequestServices.GetRequiredService<ILoggerFactory>()), Hosting.ServerHost.Explain(failure.Failure!));
        var problem = failure.Failure as RefusedException ?? failure.Failure?.InnerException as RefusedException;

        // Anybody can make up an answer to nothing: the log of what happened does not grow by that.
        if (context.Features.Get<StartedSignIn>() is not null)
        {
            await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(SystemPrincipal.Instance, context.Connection.RemoteIpAddress?.ToString(), "session.begin", "unknown user", null, null, succeeded: false);
        }

        await SignInPages.SignInPage(context, null, null, problem?.Message ?? "The provider's answer does not count; the server's log says why. Try again.", StatusCodes.Status403Forbidden).ExecuteAsync(context);
    }

    private static ILogger Logger(ILoggerFactory loggers) => loggers.CreateLogger("FederationWorkflows.Server.Access.Oidc");

    [LoggerMessage(LogLevel.Error, "The sign-in provider cannot be used: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "A sign-in by provider failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
