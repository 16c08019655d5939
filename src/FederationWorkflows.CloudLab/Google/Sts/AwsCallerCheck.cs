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
internal sealed class AwsCallerCheck(GoogleLabAddress address)
{
    // Request headers that describe the connection, not the request.
    private static readonly string[] NotSent = ["content-length", "connection", "transfer-encoding", "expect", "upgrade", "keep-alive", "te", "trailer", "proxy-connection"];

    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = 64 * 1024,
    };

    public async Task<(CallerIdentity? Caller, PoolRefusal? Refusal)> CallerAsync(Sensitive<string> token, PoolProviderName provider, CancellationToken cancellationToken)
    {
        if (SignedCallerIdentity.TryParse(token) is not { } signed)
        {
            return (null, new PoolRefusal("invalid_request", "Invalid format of AWS credentials.", "the subject token is no URL-encoded JSON with url, method and headers"));
        }

        return signed.Refusal(provider, new Uri(address.Of("/"))) is { } refusal ? (null, refusal) : await AskAsync(signed, cancellationToken);
    }

    private async Task<(CallerIdentity? Caller, PoolRefusal? Refusal)> AskAsync(SignedCallerIdentity signed, CancellationToken cancellationToken)
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
}
