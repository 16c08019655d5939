namespace FederationWorkflows.Federation.Google;

/// <summary>Reads a credential's file. What it cannot read it names by connection and path, never by content.</summary>
internal static class CredentialFile
{
    // Key files are about 2.5 KB.
    private const int MaxBytes = 64 * 1024;

    public static async Task<string> ReadAsync(string connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
            var buffer = new byte[MaxBytes + 1];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (length > MaxBytes)
            {
                throw CredentialJson.Unusable(connection, $"its file '{path}' is larger than {MaxBytes / 1024} KiB", "Give the path of a credential file.");
            }

            using var reader = new StreamReader(new MemoryStream(buffer, 0, length));
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CredentialJson.Unusable(connection, $"its file '{path}' does not exist", "Put the credential there, or correct the connection's path.");
        }
        catch (UnauthorizedAccessException)
        {
            throw CredentialJson.Unusable(connection, $"its file '{path}' may not be read by this process", "Let the account this host runs as read the file.");
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw CredentialJson.Unusable(connection, $"its file '{path}' cannot be read ({exception.GetType().Name})", "Check the path and the disk.");
        }
    }
}
