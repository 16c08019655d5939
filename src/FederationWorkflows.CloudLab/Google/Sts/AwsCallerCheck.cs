using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google.Sts;

/// <summary>
/// Learns from AWS who signed a request for sts:GetCallerIdentity ("Workload Identity Federation with other clouds", AWS). It goes to the lab's own STS, whatever host it
/// names, and only when it is that request and nothing else: a subject token must not make the lab send anything anywhere.
/// </summary>
internal sealed partial class AwsCallerCheck(GoogleLabAddress address)
{
    private const string Target = "x-goog-cloud-target-resource";
    private const int MostHeaders = 20;

    // Request headers that describe the connection, not the request.
    private static readonly string[] NotSent = ["content-length", "connection", "transfer-encoding", "expect", "upgrade", "keep-alive", "te", "trailer", "proxy-connection"];

    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = 64 * 1024,
    };

    public async Task<(CallerIdentity? Caller, PoolRefusal? Refusal)> CallerAsync(Sensitive<string> token, PoolProviderName provider, CancellationToken cancellationToken)
    {
        SignedRequest signed;
        try
        {
            signed = SignedRequest.Parse(Uri.UnescapeDataString(token.Reveal()));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return (null, new PoolRefusal("invalid_request", "Invalid format of AWS credentials.", "the subject token is no URL-encoded JSON with url, method and headers"));
        }

        return Problem(signed, provider) is { } refusal ? (null, refusal) : await AskAsync(signed, cancellationToken);
    }

    private PoolRefusal? Problem(SignedRequest signed, PoolProviderName provider)
    {
        if (!Uri.TryCreate(signed.Url, UriKind.Absolute, out var url) || !IsSts(url) || signed.Method != "POST")
        {
            return Refused("the request is not a POST of GetCallerIdentity to sts.amazonaws.com or a region's STS");
        }

        if (signed["host"] is not { } host || !string.Equals(host, url.Authority, StringComparison.OrdinalIgnoreCase))
        {
            return Refused("the host header is not the host of the URL");
        }

        if (signed[Target] != provider.FullName)
        {
            return new PoolRefusal(
                "invalid_grant",
                $"The value of the header {Target} in the AWS request does not match the audience.",
                $"{Target} is {signed[Target] ?? "absent"}, the audience is {provider.FullName}");
        }

        // The target need not be signed: Google's libraries for Node.js add it after signing.
        var names = SignedHeaders().Match(signed["authorization"] ?? "").Groups[1].Value.Split(';');
        return names.Contains("host") && names.Contains("x-amz-date")
            ? null
            : Refused($"SignedHeaders has {string.Join(';', names)}, and must have host and x-amz-date");
    }

    private async Task<(CallerIdentity? Caller, PoolRefusal? Refusal)> AskAsync(SignedRequest signed, CancellationToken cancellationToken)
    {
        var query = new Uri(signed.Url).Query;
        using var request = new HttpRequestMessage(HttpMethod.Post, address.Of("/" + query));
        foreach (var (name, value) in signed.Headers.Where(header => !NotSent.Contains(header.Key.ToLowerInvariant())))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var (code, message) = Read(body, "Code", "Message");
            return (null, new PoolRefusal(
                "invalid_grant",
                $"Received invalid AWS response of type {(int)response.StatusCode} with the following error message: {body.ReplaceLineEndings("")}",
                $"AWS STS refused the signed request: {code}: {message}"));
        }

        var (arn, account) = Read(body, "Arn", "Account");
        var (userId, _) = Read(body, "UserId", "Account");
        return (new CallerIdentity(account, arn, userId), null);
    }

    private bool IsSts(Uri url) =>
        url.AbsolutePath == "/"
        && url.Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal).SequenceEqual(["Action=GetCallerIdentity", "Version=2011-06-15"])
        && (url.GetLeftPart(UriPartial.Authority) == address.Of("") || (url.Scheme == Uri.UriSchemeHttps && url.IsDefaultPort && StsHost().IsMatch(url.Host)));

    private static PoolRefusal Refused(string explanation) => new("invalid_grant", "The AWS request in the subject token is invalid.", explanation);

    private static (string First, string Second) Read(string xml, string first, string second)
    {
        try
        {
            var elements = XElement.Parse(xml).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
            return (elements[first].FirstOrDefault() ?? "", elements[second].FirstOrDefault() ?? "");
        }
        catch (XmlException)
        {
            return ("", "");
        }
    }

    [GeneratedRegex(@"\Asts(\.[a-z]{2}(-[a-z]+)+-[0-9])?\.amazonaws\.com(\.cn)?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex StsHost();

    [GeneratedRegex(@"SignedHeaders=([^,\s]+)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SignedHeaders();

    private sealed record SignedRequest(string Url, string Method, IReadOnlyList<KeyValuePair<string, string>> Headers)
    {
        public string? this[string name] => Headers.FirstOrDefault(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

        public static SignedRequest Parse(string json)
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var root = document.RootElement;
            var headers = root.GetProperty("headers");
            if (headers.GetArrayLength() > MostHeaders)
            {
                throw new FormatException();
            }

            var pairs = headers.EnumerateArray().Select(header => KeyValuePair.Create(Text(header, "key"), Text(header, "value"))).ToList();
            return pairs.DistinctBy(header => header.Key, StringComparer.OrdinalIgnoreCase).Count() == pairs.Count
                ? new SignedRequest(Text(root, "url"), Text(root, "method"), pairs)
                : throw new FormatException();
        }

        private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString() ?? throw new FormatException();
    }
}
