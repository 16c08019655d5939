using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>Forms, url-encoded and multipart (RFC 7578), within limits. The body is bounded before it gets here.</summary>
internal static class FormBody
{
    private const int MaxBoundaryLength = 70; // RFC 2046, section 5.1.1

    public static async Task<Dictionary<string, StringValues>> ReadAsync(string body, HttpRequestLimits limits, CancellationToken cancellationToken)
    {
        using var reader = new FormReader(body)
        {
            ValueCountLimit = limits.MaxFormFields,
            KeyLengthLimit = limits.MaxFieldNameLength,
            ValueLengthLimit = int.MaxValue,
        };
        try
        {
            return await reader.ReadFormAsync(cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw TooMuch(limits);
        }
    }

    public static async Task<(Dictionary<string, StringValues> Fields, List<HttpFile> Files)> ReadMultipartAsync(
        byte[] body, string? boundary, HttpRequestLimits limits, CancellationToken cancellationToken)
    {
        if (boundary is null || boundary.Length > MaxBoundaryLength)
        {
            throw new HttpBodyException(400, $"The Content-Type header of a multipart body must have a boundary of 1 to {MaxBoundaryLength} characters.");
        }

        var fields = new KeyValueAccumulator();
        var files = new List<HttpFile>();
        try
        {
            var reader = new MultipartReader(boundary, new MemoryStream(body, writable: false)) { HeadersCountLimit = 16, HeadersLengthLimit = 8 * 1024 };
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (fields.ValueCount + files.Count >= limits.MaxFormFields)
                {
                    throw TooMuch(limits);
                }

                await ReadSectionAsync(section, limits, files, (name, value) => fields.Append(name, value), cancellationToken);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException)
        {
            throw new HttpBodyException(400, "The multipart body is malformed: its parts are not separated and headed as RFC 7578 says.");
        }

        return (fields.GetResults(), files);
    }

    private static async Task ReadSectionAsync(MultipartSection section, HttpRequestLimits limits, List<HttpFile> files, Action<string, string> addField, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
            || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(disposition.Name).Value is not { Length: > 0 } name)
        {
            throw new HttpBodyException(400, "Each part of a multipart body needs a header such as: Content-Disposition: form-data; name=\"field\".");
        }

        if (name.Length > limits.MaxFieldNameLength)
        {
            throw TooMuch(limits);
        }

        using var content = new MemoryStream();
        await section.Body.CopyToAsync(content, cancellationToken);
        var fileName = disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.RemoveQuotes(disposition.FileName).Value;
        if (fileName is not null)
        {
            files.Add(new HttpFile(name, BareFileName(fileName), section.ContentType, content.ToArray()));
            return;
        }

        var type = BodyType.Parse(section.ContentType);
        addField(name, BodyType.Decode(content.ToArray(), type?.FindEncoding() ?? System.Text.Encoding.UTF8));
    }

    /// <summary>The last part of the name, so that nobody can be led out of a folder with it.</summary>
    private static string BareFileName(string fileName)
    {
        var bare = fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..];
        bare = string.Concat(bare.Where(c => !char.IsControl(c))).Trim();
        return bare is "" or "." or ".." ? "file" : bare;
    }

    private static HttpBodyException TooMuch(HttpRequestLimits limits) =>
        new(400, $"The form has more than {limits.MaxFormFields} fields, or the name of a field is longer than {limits.MaxFieldNameLength} characters.");
}
