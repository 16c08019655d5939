using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.Federation.Aws.Signing;

/// <summary>For which service, where and when a request is signed.</summary>
/// <param name="Region">The region in the credential scope.</param>
/// <param name="Service">The service in the credential scope, e.g. <c>iam</c>.</param>
/// <param name="Time">The time of signing; AWS takes 5 minutes to either side, S3 15.</param>
internal sealed record SigV4Scope(string Region, string Service, DateTimeOffset Time)
{
    public string Timestamp { get; } = Time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public string Date => Timestamp[..8];

    /// <summary>S3 takes paths as they are; the other services normalize and escape them once more.</summary>
    public bool IsS3 => Service == SigV4.S3;

    public override string ToString() => $"{Date}/{Region}/{Service}/aws4_request";
}

/// <summary>
/// Signs requests to AWS (IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating requests: using query parameters").
/// The SDK's own signer is in a namespace that it calls internal, takes its own request type and reads the clock of the process.
/// </summary>
internal static class SigV4
{
    public const string S3 = "s3";

    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    /// <summary>The hash of no body.</summary>
    public static string EmptyBody { get; } = Convert.ToHexStringLower(SHA256.HashData([]));

    /// <summary>Adds date, session token and Authorization. What is added to the request after that is not signed.</summary>
    public static void Sign(HttpRequestMessage request, ReadOnlySpan<byte> body, AwsCredentials credentials, SigV4Scope scope)
    {
        var bodyHash = Convert.ToHexStringLower(SHA256.HashData(body));
        request.Headers.TryAddWithoutValidation("X-Amz-Date", scope.Timestamp);
        if (scope.IsS3)
        {
            request.Headers.TryAddWithoutValidation("x-amz-content-sha256", bodyHash);
        }

        if (credentials.SessionToken is { } token)
        {
            request.Headers.TryAddWithoutValidation("X-Amz-Security-Token", token.Reveal());
        }

        request.Headers.TryAddWithoutValidation("Authorization", Authorization(request.Method, request.RequestUri!, Headers(request), bodyHash, credentials, scope));
    }

    /// <summary>The header that signs a request which somebody else may send: method, URL, all of the headers, the body's hash.</summary>
    public static string Authorization(
        HttpMethod method, Uri url, IEnumerable<KeyValuePair<string, string>> headers, string bodyHash, AwsCredentials credentials, SigV4Scope scope)
    {
        var (canonicalHeaders, names) = Canonical(headers);
        var canonical = $"{method.Method}\n{CanonicalPath(url, scope)}\n{CanonicalQuery(url.Query)}\n{canonicalHeaders}\n{names}\n{bodyHash}";
        return $"{Algorithm} Credential={credentials.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={Signature(canonical, credentials, scope)}";
    }

    /// <summary>A URL that carries its own signature: whoever has it may do this one thing for so long as the credentials live, and no longer than <paramref name="lifetime"/>.</summary>
    /// <param name="method">The method it is for.</param>
    /// <param name="url">The URL, with the query that belongs to it.</param>
    /// <param name="headers">Headers that whoever uses it must send as they are.</param>
    /// <param name="credentials">Whose rights it carries.</param>
    /// <param name="scope">For which service, where and when.</param>
    /// <param name="lifetime">1 second to 7 days.</param>
    public static string Presign(HttpMethod method, Uri url, IEnumerable<KeyValuePair<string, string>> headers, AwsCredentials credentials, SigV4Scope scope, TimeSpan lifetime)
    {
        var (canonicalHeaders, names) = Canonical([KeyValuePair.Create("host", url.Authority), .. headers]);
        var parameters = new List<KeyValuePair<string, string>>
        {
            new("X-Amz-Algorithm", Algorithm),
            new("X-Amz-Credential", $"{credentials.AccessKeyId}/{scope}"),
            new("X-Amz-Date", scope.Timestamp),
            new("X-Amz-Expires", ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            new("X-Amz-SignedHeaders", names),
        };
        if (credentials.SessionToken is { } token)
        {
            parameters.Add(new("X-Amz-Security-Token", token.Reveal()));
        }

        var query = CanonicalQuery($"{url.Query}{(url.Query.Length > 1 ? "&" : "?")}{string.Join('&', parameters.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"))}");
        var canonical = $"{method.Method}\n{CanonicalPath(url, scope)}\n{query}\n{canonicalHeaders}\n{names}\n{UnsignedPayload}";
        return $"{url.GetLeftPart(UriPartial.Authority)}{url.AbsolutePath}?{query}&X-Amz-Signature={Signature(canonical, credentials, scope)}";
    }

    /// <summary>A URL whose path is sent as it is written: an object's key may have dots and slashes that a URL's usual rules would take away.</summary>
    public static Uri Verbatim(string url) => new(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>A path of which every segment is escaped, and the slashes are kept.</summary>
    public static string EscapePath(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static IEnumerable<KeyValuePair<string, string>> Headers(HttpRequestMessage request) =>
    [
        KeyValuePair.Create("host", request.Headers.Host ?? request.RequestUri!.Authority),
        .. request.Headers.NonValidated
            .Concat(request.Content?.Headers.NonValidated ?? Enumerable.Empty<KeyValuePair<string, System.Net.Http.Headers.HeaderStringValues>>())
            .Where(static header => !header.Key.Equals("Host", StringComparison.OrdinalIgnoreCase) && !header.Key.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))
            .Select(static header => KeyValuePair.Create(header.Key, string.Join(',', header.Value.Select(Trimmed)))),
    ];

    private static (string Headers, string Names) Canonical(IEnumerable<KeyValuePair<string, string>> headers)
    {
        // Header names are ASCII, and are compared in lower case.
#pragma warning disable CA1308
        var sorted = headers.Select(static header => (Name: header.Key.ToLowerInvariant(), Value: Trimmed(header.Value))).OrderBy(static header => header.Name, StringComparer.Ordinal).ToList();
#pragma warning restore CA1308
        return (string.Concat(sorted.Select(static header => $"{header.Name}:{header.Value}\n")), string.Join(';', sorted.Select(static header => header.Name)));
    }

    private static string Trimmed(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string CanonicalPath(Uri url, SigV4Scope scope)
    {
        var path = url.AbsolutePath;
        if (scope.IsS3)
        {
            return EscapePath(Uri.UnescapeDataString(path));
        }

        var escaped = EscapePath(path);
        while (escaped.Contains("//", StringComparison.Ordinal))
        {
            escaped = escaped.Replace("//", "/", StringComparison.Ordinal);
        }

        return escaped;
    }

    private static string CanonicalQuery(string query) => string.Join('&', query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(static pair => pair.Split('=', 2))
        .Select(static pair => (Name: Escaped(pair[0]), Value: pair.Length > 1 ? Escaped(pair[1]) : ""))
        .OrderBy(static pair => pair.Name, StringComparer.Ordinal)
        .ThenBy(static pair => pair.Value, StringComparer.Ordinal)
        .Select(static pair => $"{pair.Name}={pair.Value}"));

    private static string Escaped(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));

    private static string Signature(string canonicalRequest, AwsCredentials credentials, SigV4Scope scope)
    {
        var toSign = $"{Algorithm}\n{scope.Timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + credentials.SecretAccessKey.Reveal());
        foreach (var part in new[] { scope.Date, scope.Region, scope.Service, "aws4_request", toSign })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return Convert.ToHexStringLower(key);
    }
}
