namespace FederationWorkflows.Server.Access;

/// <summary>
/// Tells what a page of this server sends from what a page of another site makes the browser of its visitor send: Fetch Metadata (W3C) where
/// the browser sends it, and Origin (RFC 6454) otherwise. Programs send neither, and no page can make its browser say something else.
/// </summary>
internal static class SameOrigin
{
    /// <summary>A browser sends this on behalf of a page that is not of this server.</summary>
    public static bool IsFromAnotherSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();

        // The browser knows which site it called; the server knows that of a proxy that tells it.
        return site.Length > 0
            ? site is not ("same-origin" or "none")
            : origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The request may change something, or opens a connection that may.</summary>
    public static bool MayChange(HttpRequest request) =>
        !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) || request.Headers.Upgrade.Count > 0;
}
