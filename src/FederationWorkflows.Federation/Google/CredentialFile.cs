namespace FederationWorkflows.Federation.Google;

/// <summary>Reads the file of a credential.</summary>
internal static class CredentialFile
{
    // Key files are about 2.5 KB.
    private const int MaxBytes = 64 * 1024;

    public static Task<string> ReadAsync(string connection, string path, CancellationToken cancellationToken) =>
        BoundedFile.ReadAsync(path, MaxBytes, (detail, advice) => CredentialJson.Unusable(connection, detail, advice), cancellationToken);
}
