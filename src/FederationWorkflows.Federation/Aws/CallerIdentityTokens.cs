using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>
/// Signature Version 4 of one request whose every part is fixed (IAM User Guide, "Create a signed AWS API request"). The SDK signs only what it sends.
/// </summary>
internal sealed class CallerIdentityTokens(IOptionsMonitor<FederationOptions> options, TimeProvider time) : ICallerIdentityTokens
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string Query = "Action=GetCallerIdentity&Version=2011-06-15";
    private const string Target = "x-goog-cloud-target-resource";

    // It is URL-encoded as a whole; escapes for HTML would only make it longer.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string EmptyBody = Convert.ToHexStringLower(SHA256.HashData([]));

    public Sensitive<string> Sign(AwsCredentials credentials, string provider, string? region = null)
    {
        var call = new OutboundCall(Cloud.Aws, "AWS STS", "signed GetCallerIdentity") { Principal = credentials.AssumedRoleArn };
        AwsInputs.RequireCredentials(call, credentials);
        var target = PoolProviderName.TryParse(provider) ?? throw call.Input(
            "the provider is not the full resource name of a workload identity pool's provider",
            "Give //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number.");
        var partition = AwsInputs.PartitionOf(credentials);
        var where = AwsInputs.RequireRegion(call, region, partition, options.CurrentValue.AwsRegion);
        var endpoint = options.CurrentValue.Endpoints.AwsSts ?? new Uri($"https://sts.{where}.amazonaws.com{(partition == AwsRegions.China ? ".cn" : "")}");

        var now = time.GetUtcNow();
        var timestamp = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = endpoint.Authority,
            ["x-amz-date"] = timestamp,
            [Target] = target.FullName,
        };
        if (credentials.SessionToken is { } session)
        {
            headers["x-amz-security-token"] = session.Reveal();
        }

        headers["Authorization"] = Authorization(headers, endpoint, credentials, timestamp, where);
        var request = new
        {
            url = $"{endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/?{Query}",
            method = "POST",
            headers = headers.Select(header => new { key = header.Key, value = header.Value }),
        };
        return Sensitive.Of(Uri.EscapeDataString(JsonSerializer.Serialize(request, Plain)));
    }

    private static string Authorization(SortedDictionary<string, string> headers, Uri endpoint, AwsCredentials credentials, string timestamp, string region)
    {
        var names = string.Join(';', headers.Keys);
        var path = endpoint.AbsolutePath.TrimEnd('/') + "/";
        var canonical = $"POST\n{path}\n{Query}\n{string.Concat(headers.Select(header => $"{header.Key}:{header.Value}\n"))}\n{names}\n{EmptyBody}";
        var scope = $"{timestamp[..8]}/{region}/sts/aws4_request";
        var toSign = $"{Algorithm}\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + credentials.SecretAccessKey.Reveal());
        foreach (var part in scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return $"{Algorithm} Credential={credentials.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={signature}";
    }
}
