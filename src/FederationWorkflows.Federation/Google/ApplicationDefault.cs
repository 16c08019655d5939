using FederationWorkflows.Federation.Connections;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Finds Application Default Credentials in Google's order ("How Application Default Credentials works"): the file that
/// GOOGLE_APPLICATION_CREDENTIALS names, the file of the gcloud CLI, the metadata server. Google's own library keeps the first result for the life
/// of the process and uses the URLs in the file; this does neither.
/// </summary>
/// <param name="options">The endpoints that URLs in a file are held against.</param>
/// <param name="environment">Reads an environment variable.</param>
internal sealed class ApplicationDefault(IOptionsMonitor<FederationOptions> options, Func<string, string?> environment)
{
    public const string FileVariable = "GOOGLE_APPLICATION_CREDENTIALS";

    public async Task<Connection> ResolveAsync(string connection, CancellationToken cancellationToken)
    {
        var file = environment(FileVariable);
        if (string.IsNullOrWhiteSpace(file))
        {
            file = GcloudFile();
            if (file is null || !File.Exists(file))
            {
                return new MetadataServerConnection(connection) { IsByDefault = true };
            }
        }

        var json = await CredentialFile.ReadAsync(connection, file, cancellationToken);
        return CredentialJson.Any(connection, json, options.CurrentValue.Endpoints);
    }

    private string? GcloudFile()
    {
        var directory = environment("CLOUDSDK_CONFIG");
        if (string.IsNullOrWhiteSpace(directory))
        {
            var root = OperatingSystem.IsWindows() ? environment("APPDATA") : environment("HOME");
            if (string.IsNullOrWhiteSpace(root))
            {
                return null;
            }

            directory = OperatingSystem.IsWindows() ? Path.Combine(root, "gcloud") : Path.Combine(root, ".config", "gcloud");
        }

        return Path.Combine(directory, "application_default_credentials.json");
    }
}
