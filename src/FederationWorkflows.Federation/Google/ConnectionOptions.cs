namespace FederationWorkflows.Federation.Google;

/// <summary>
/// An identity an administrator lets stories use, in <c>Federation:Connections:{name}</c>. A story names the connection,
/// never a credential, a file or an endpoint.
/// </summary>
public sealed class ConnectionOptions
{
    /// <summary>The kind of a service account with a key file.</summary>
    public const string ServiceAccountKey = "serviceAccountKey";

    /// <summary>The kind of a person's login: OAuth client and refresh token, as <c>gcloud auth application-default login</c> writes them.</summary>
    public const string AuthorizedUser = "authorizedUser";

    /// <summary>The kind of the host's own identity: Application Default Credentials.</summary>
    public const string ApplicationDefault = "applicationDefault";

    /// <summary><see cref="ServiceAccountKey"/>, <see cref="AuthorizedUser"/> or <see cref="ApplicationDefault"/> (case does not matter).</summary>
    public string? Kind { get; set; }

    /// <summary>Path of the credential's JSON file. It is read anew for each token, so that a rotated file takes effect at once.</summary>
    public string? File { get; set; }

    /// <summary>The credential's JSON itself, for hosts that inject secrets through configuration.</summary>
    public string? Json { get; set; }

    /// <summary>What is wrong with this definition and how to mend it; null when nothing is.</summary>
    internal string? Problem()
    {
        var hasFile = !string.IsNullOrWhiteSpace(File);
        var hasJson = !string.IsNullOrWhiteSpace(Json);
        if (IsKind(ApplicationDefault))
        {
            return hasFile || hasJson ? $"kind {ApplicationDefault} takes neither file nor json: remove them, or give the kind of that credential." : null;
        }

        if (!IsKind(ServiceAccountKey) && !IsKind(AuthorizedUser))
        {
            return $"its kind is missing or unknown: give {ServiceAccountKey}, {AuthorizedUser} or {ApplicationDefault}.";
        }

        return (hasFile, hasJson) switch
        {
            (false, false) => "it has no credential: give file (a path) or json (the content).",
            (true, true) => "it has both file and json: give one of them.",
            _ => null,
        };
    }

    internal bool IsKind(string kind) => string.Equals(Kind, kind, StringComparison.OrdinalIgnoreCase);
}
