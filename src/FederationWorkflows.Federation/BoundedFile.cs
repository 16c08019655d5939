namespace FederationWorkflows.Federation;

/// <summary>Reads a file that an administrator names, up to a size. What it cannot read it names by path, never by content.</summary>
internal static class BoundedFile
{
    /// <summary>Reads text; of more than <paramref name="maxLength"/> characters, one more than that, for the reader to refuse.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string ReadText(string path, int maxLength)
    {
        using var reader = new StreamReader(path);
        var text = new char[maxLength + 1];
        return new string(text, 0, reader.ReadBlock(text));
    }

    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The largest that is read.</param>
    /// <param name="unusable">Makes the error of what is wrong and how to mend it; both are sentences about "its file".</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public static async Task<string> ReadAsync(string path, int maxBytes, Func<string, string, FederationException> unusable, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
            var buffer = new byte[maxBytes + 1];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (length > maxBytes)
            {
                throw unusable($"its file '{path}' is larger than {maxBytes / 1024} KiB", "Give the path of a credential file.");
            }

            using var reader = new StreamReader(new MemoryStream(buffer, 0, length));
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw unusable($"its file '{path}' does not exist", "Put the credential there, or correct the connection's path.");
        }
        catch (UnauthorizedAccessException)
        {
            throw unusable($"its file '{path}' may not be read by this process", "Let the account this host runs as read the file.");
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw unusable($"its file '{path}' cannot be read ({exception.GetType().Name})", "Check the path and the disk.");
        }
    }
}
