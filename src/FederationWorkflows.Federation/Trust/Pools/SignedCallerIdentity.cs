using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// A request for sts:GetCallerIdentity that was signed and not sent, as a subject token has it ("Workload Identity Federation with other clouds", AWS): what can be told of it
/// without asking AWS. Who signed it, only AWS can tell. Its headers are secrets; it shows them to nobody by itself.
/// </summary>
public sealed partial class SignedCallerIdentity
{
    private const string TargetHeader = "x-goog-cloud-target-resource";
    private const string DateHeader = "x-amz-date";
    private const string HostHeader = "host";
    private const int MostHeaders = 20;

    /// <summary>How far from now AWS takes a signature ("Elements of an AWS API request signature").</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(15);

    private SignedCallerIdentity(string url, string method, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        Url = url;
        Method = method;
        Headers = headers;
    }

    /// <summary>The URL as it is written.</summary>
    public string Url { get; }

    /// <summary>The method.</summary>
    public string Method { get; }

    /// <summary>The headers, each once; the signature and the session token among them.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The provider it was signed for; null when it does not say.</summary>
    public string? Target => Find(TargetHeader);

    /// <summary>When it was signed; null when it does not say.</summary>
    public DateTimeOffset? SignedAt =>
        DateTimeOffset.TryParseExact(Find(DateHeader), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>Reads a subject token; null when it is not URL-encoded JSON with <c>url</c>, <c>method</c> and at most 20 <c>headers</c>, each of them once.</summary>
    public static SignedCallerIdentity? TryParse(Sensitive<string> token)
    {
        try
        {
            using var document = JsonDocument.Parse(Uri.UnescapeDataString(token.Reveal()), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var root = document.RootElement;
            var headers = root.GetProperty("headers");
            if (headers.GetArrayLength() > MostHeaders)
            {
                return null;
            }

            var pairs = headers.EnumerateArray().Select(static header => KeyValuePair.Create(Text(header, "key"), Text(header, "value"))).ToList();
            return pairs.DistinctBy(static header => header.Key, StringComparer.OrdinalIgnoreCase).Count() == pairs.Count
                ? new SignedCallerIdentity(Text(root, "url"), Text(root, "method"), pairs)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Why Google would not send it to AWS for a provider; null when it would.</summary>
    /// <param name="provider">The provider it is sent to.</param>
    /// <param name="standIn">The address of a stand-in for AWS STS, which is taken as well; null for AWS alone.</param>
    public PoolRefusal? Refusal(PoolProviderName provider, Uri? standIn = null)
    {
        if (!AsksForCallerIdentity(standIn))
        {
            return Invalid("the request is not a POST of GetCallerIdentity to sts.amazonaws.com or a region's STS");
        }

        if (!HasHost)
        {
            return Invalid("the host header is not the host of the URL");
        }

        if (Target != provider.FullName)
        {
            return new PoolRefusal(
                "invalid_grant",
                $"The value of the header {TargetHeader} in the AWS request does not match the audience.",
                $"{TargetHeader} is {Target ?? "absent"}, the audience is {provider.FullName}");
        }

        // The target need not be signed: Google's libraries for Node.js add it after signing.
        return IsSigned(HostHeader) && IsSigned(DateHeader) ? null : Invalid($"SignedHeaders has {string.Join(';', SignedNames)}, and must have host and x-amz-date");
    }

    /// <summary>What Google and AWS look at, with what is expected and found; nothing of it is secret.</summary>
    internal IEnumerable<TrustCheck> Checks(PoolProviderName provider, DateTimeOffset now, Uri? standIn)
    {
        yield return Check(
            "request", "url", "POST of GetCallerIdentity to AWS STS", $"{Show(Method)} {Show(Url)}", AsksForCallerIdentity(standIn), "Sign it with Aws.SignCallerIdentity, or one of Google's libraries: Google sends nothing else.");
        yield return Check("host header", HostHeader, "the host of the URL", Show(Find(HostHeader)), HasHost, "The request was changed after it was signed: sign it anew.");
        yield return Check(
            "target", TargetHeader, $"'{provider.FullName}'", Target is null ? "nothing" : $"'{(PoolProviderName.TryParse(Target) is null ? Show(Target) : Target)}'", Target == provider.FullName,
            "It was signed for another provider: give this one's full name when signing.");
        yield return Check(
            "signed headers", "authorization", "host and x-amz-date among them", Show(string.Join(';', SignedNames)), IsSigned(HostHeader) && IsSigned(DateHeader), "Sign it with Aws.SignCallerIdentity, or one of Google's libraries.");
        yield return Check(
            "time", DateHeader, $"within {Fresh.TotalMinutes:0} minutes of {now:yyyy-MM-dd'T'HH:mm:ss'Z'}", SignedAt is { } at ? $"{at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "nothing",
            SignedAt is { } signed && (now - signed).Duration() <= Fresh, "It lives for minutes: sign it anew just before the exchange, and check this host's clock.");
    }

    private static TrustCheck Check(string condition, string reads, string expected, string found, bool holds, string mend) =>
        new("signed request", condition, reads, expected, found, holds ? TrustVerdict.Holds : TrustVerdict.Fails, holds ? "" : mend);

    private bool HasHost => Uri.TryCreate(Url, UriKind.Absolute, out var url) && string.Equals(Find(HostHeader), url.Authority, StringComparison.OrdinalIgnoreCase);

    private string[] SignedNames => SignedHeaders().Match(Find("authorization") ?? "").Groups[1].Value.Split(';');

    private bool AsksForCallerIdentity(Uri? standIn) =>
        Method == "POST"
        && Uri.TryCreate(Url, UriKind.Absolute, out var url)
        && url.AbsolutePath == "/"
        && url.Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal).SequenceEqual(["Action=GetCallerIdentity", "Version=2011-06-15"])
        && ((standIn is not null && url.GetLeftPart(UriPartial.Authority) == standIn.GetLeftPart(UriPartial.Authority)) || (url.Scheme == Uri.UriSchemeHttps && url.IsDefaultPort && StsHost().IsMatch(url.Host)));

    private bool IsSigned(string header) => SignedNames.Contains(header);

    private string? Find(string name) => Headers.FirstOrDefault(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

    private static PoolRefusal Invalid(string explanation) => new("invalid_grant", "The AWS request in the subject token is invalid.", explanation);

    private static string Show(string? text) => CloudText.Message(text) is { Length: > 0 } shown ? shown : "nothing";

    private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString() ?? throw new FormatException();

    [GeneratedRegex(@"\Asts(\.[a-z]{2}(-[a-z]+)+-[0-9])?\.amazonaws\.com(\.cn)?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex StsHost();

    [GeneratedRegex(@"SignedHeaders=([^,\s]+)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SignedHeaders();
}
