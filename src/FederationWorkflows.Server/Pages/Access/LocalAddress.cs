namespace FederationWorkflows.Server.Pages.Access;

/// <summary>Where a person is led back to after signing in: a page of this site, whoever made the link.</summary>
internal static class LocalAddress
{
    /// <summary>The address relative to the site, without a leading slash; the start page for what is none of this site.</summary>
    public static string Check(string? address) =>
        address is { Length: > 1 and <= 2000 } && address[0] == '/' && address[1] is not ('/' or '\\') && !address.Any(char.IsControl) && Uri.IsWellFormedUriString(address, UriKind.Relative)
            ? address[1..]
            : "";
}
