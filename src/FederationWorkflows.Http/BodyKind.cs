using System.Text;
using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.Http;

/// <summary>How the body of a request or an answer is read.</summary>
internal enum BodyKind
{
    Binary,
    Text,
    Json,
    Form,
    Multipart,
}

/// <summary>What a Content-Type header says about the body.</summary>
/// <param name="Kind">How to read it.</param>
/// <param name="Charset">The charset of text, as the header names it; null when it names none.</param>
/// <param name="Boundary">What separates the parts of a multipart body.</param>
internal sealed record BodyType(BodyKind Kind, string? Charset, string? Boundary)
{
    private static readonly HashSet<string> TextTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        "application/xml", "application/javascript", "application/ecmascript", "application/graphql", "application/jose", "application/jwt", "application/sql",
        "application/toml", "application/x-ndjson", "application/x-sh", "application/yaml", "application/x-yaml",
    };

    /// <summary>Reads a Content-Type header.</summary>
    /// <returns>Null when it is not one.</returns>
    public static BodyType? Parse(string? contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType))
        {
            return new BodyType(BodyKind.Binary, null, null);
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var media) || media.MediaType.Value is not { } name)
        {
            return null;
        }

        var suffix = media.Suffix.Value;
        var kind =
            name.Equals("application/json", StringComparison.OrdinalIgnoreCase) || name.Equals("text/json", StringComparison.OrdinalIgnoreCase) || IsSuffix(suffix, "json") ? BodyKind.Json
            : name.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? BodyKind.Form
            : name.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) ? BodyKind.Multipart
            : name.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || TextTypes.Contains(name) || IsSuffix(suffix, "xml") || IsSuffix(suffix, "yaml") ? BodyKind.Text
            : BodyKind.Binary;
        return new BodyType(kind, Unquoted(media.Charset.Value), Unquoted(media.Boundary.Value));
    }

    /// <summary>The encoding of the charset; UTF-8 when none is named, null when it is not known here.</summary>
    public Encoding? FindEncoding()
    {
        if (string.IsNullOrEmpty(Charset))
        {
            return Encoding.UTF8;
        }

        try
        {
            // UTF-7 can hide what a text says, and is refused by the framework.
            return Encoding.GetEncoding(Charset);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The text of a body, without a byte order mark; what is not valid in the encoding becomes U+FFFD.</summary>
    public static string Decode(ReadOnlySpan<byte> body, Encoding encoding)
    {
        var mark = encoding.Preamble;
        return encoding.GetString(mark.Length > 0 && body.StartsWith(mark) ? body[mark.Length..] : body);
    }

    /// <summary>Says of a text type without a charset that it is UTF-8, as all text is that goes out.</summary>
    public static string WithUtf8(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) && Parse(contentType) is { Charset: null } ? contentType + "; charset=utf-8" : contentType;

    private static bool IsSuffix(string? suffix, string wanted) => string.Equals(suffix, wanted, StringComparison.OrdinalIgnoreCase);

    private static string? Unquoted(string? value) => value?.Trim('"') is { Length: > 0 } text ? text : null;
}
