namespace FederationWorkflows.Server.Pages;

/// <summary>
/// Tells browsers what an answer may do: pages use files and targets of this site alone, and nobody may put them into a frame. What a story
/// answers to a webhook is other people's content on the same site: it runs in a sandbox, without access to the session of whoever opens it.
/// </summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string OwnPages = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    /// <summary>For answers whose content is not ours.</summary>
    public static ContentPolicy Sandbox { get; } = new("sandbox");

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(
            static state =>
            {
                var context = (HttpContext)state;
                var headers = context.Response.Headers;
                headers.ContentSecurityPolicy = context.GetEndpoint()?.Metadata.GetMetadata<ContentPolicy>()?.Value ?? OwnPages;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "same-origin";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                return Task.CompletedTask;
            },
            context);
        return next(context);
    }
}

/// <summary>The Content-Security-Policy of an endpoint that is not an ordinary page.</summary>
internal sealed record ContentPolicy(string Value);
