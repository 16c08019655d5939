namespace FederationWorkflows.CloudLab.Google;

/// <summary>Where the lab listens. Known only once it does: it may have been given port 0.</summary>
internal sealed class GoogleLabAddress(Func<Uri> baseAddress)
{
    /// <summary>The absolute URL of a path that begins with a slash.</summary>
    public string Of(string path) => baseAddress().GetLeftPart(UriPartial.Authority) + path;
}
