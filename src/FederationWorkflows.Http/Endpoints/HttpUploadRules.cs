namespace FederationWorkflows.Http.Endpoints;

/// <summary>What an endpoint's author takes at most. What is null is not checked.</summary>
public sealed record HttpUploadRules
{
    /// <summary>The longest body, in bytes.</summary>
    public long? RequestSizeLimit { get; init; }

    /// <summary>The longest file, in bytes.</summary>
    public long? FileSizeLimit { get; init; }

    /// <summary>The only extensions of files that are taken; with or without the dot.</summary>
    public IReadOnlyList<string>? AllowedFileExtensions { get; init; }

    /// <summary>Extensions of files that are not taken; with or without the dot.</summary>
    public IReadOnlyList<string>? BlockedFileExtensions { get; init; }

    /// <summary>The only MIME types of files that are taken.</summary>
    public IReadOnlyList<string>? AllowedMimeTypes { get; init; }

    /// <summary>The first rule a request breaks; null when it keeps all.</summary>
    internal UploadProblem? Check(HttpRequestData request)
    {
        if (request.ContentLength > RequestSizeLimit)
        {
            return new UploadProblem(UploadCheck.RequestSize, new HttpBodyTooLargeException("The request's body", RequestSizeLimit.Value));
        }

        return request.Files.Select(Check).FirstOrDefault(problem => problem is not null);
    }

    private UploadProblem? Check(HttpFile file)
    {
        if (file.Content.Length > FileSizeLimit)
        {
            return new UploadProblem(UploadCheck.FileSize, new HttpBodyTooLargeException($"The file '{file.FileName}'", FileSizeLimit.Value));
        }

        var extension = Extension(Path.GetExtension(file.FileName));
        if ((AllowedFileExtensions is { Count: > 0 } allowed && !allowed.Any(e => Extension(e) == extension)) || BlockedFileExtensions?.Any(e => Extension(e) == extension) is true)
        {
            var only = AllowedFileExtensions is { Count: > 0 } list ? $" Only these are: {string.Join(", ", list)}." : "";
            return new UploadProblem(UploadCheck.FileExtension, new HttpBodyException(415, $"The file '{file.FileName}' is of a kind that is not taken here.{only}"));
        }

        if (AllowedMimeTypes is { Count: > 0 } types && !types.Any(type => string.Equals(Media(type), Media(file.ContentType), StringComparison.OrdinalIgnoreCase)))
        {
            return new UploadProblem(UploadCheck.FileMimeType, new HttpBodyException(415, $"The MIME type of the file '{file.FileName}' is not taken here. Only these are: {string.Join(", ", types)}."));
        }

        return null;
    }

    private static string Extension(string text) => text.Trim().TrimStart('.').ToLowerInvariant();

    private static string Media(string? contentType) => contentType?.Split(';')[0].Trim() ?? "";
}

/// <summary>The kinds of rules; each has an outcome of its own.</summary>
internal enum UploadCheck
{
    RequestSize,
    FileSize,
    FileExtension,
    FileMimeType,
}

/// <summary>A broken rule and how to tell the caller.</summary>
internal sealed record UploadProblem(UploadCheck Check, Exception Error);
