using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.Server.Studio;

/// <summary>Sends the designer's files: compressed as they were published, and once only where their names say so.</summary>
internal static class StudioFileEndpoint
{
    private const string Forever = "public, max-age=31536000, immutable";

    public static async Task SendAsync(string path, HttpContext context, StudioPackage package)
    {
        var response = context.Response;
        if (package.Find(path) is not { } file)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var (source, length, encoding) = Choose(file, context.Request);
        var headers = response.GetTypedHeaders();
        var tag = new EntityTagHeaderValue($"\"{file.Tag}{(encoding is null ? "" : "-" + encoding)}\"");
        headers.ETag = tag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        response.Headers.CacheControl = file.IsImmutable ? Forever : "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false) || known == EntityTagHeaderValue.Any))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.ContentType;
        response.ContentLength = length;
        if (encoding is not null)
        {
            response.Headers.ContentEncoding = encoding;
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.SendFileAsync(source, context.RequestAborted);
        }
    }

    private static (string Path, long Length, string? Encoding) Choose(StudioFile file, HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        return file.Brotli is { } brotli && Takes("br") ? (brotli.FullName, brotli.Length, "br")
            : file.Gzip is { } gzip && Takes("gzip") ? (gzip.FullName, gzip.Length, "gzip")
            : (file.Path, file.Length, null);

        bool Takes(string encoding) => accepted.Any(value => value.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && value.Quality is null or > 0);
    }
}
