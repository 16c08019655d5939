using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Signing;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Signs one request whose every part is fixed, for Google to send.</summary>
internal sealed class CallerIdentityTokens(AwsEndpoints endpoints, IOptionsMonitor<FederationOptions> options, TimeProvider time) : ICallerIdentityTokens
{
    private const string Query = "Action=GetCallerIdentity&Version=2011-06-15";
    private const string Target = "x-goog-cloud-target-resource";

    // It is URL-encoded as a whole; escapes for HTML would only make it longer.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Sensitive<string> Sign(AwsCredentials credentials, string provider, string? region = null)
    {
        var call = new OutboundCall(Cloud.Aws, "AWS STS", "signed GetCallerIdentity") { Principal = credentials.AssumedRoleArn };
        AwsInputs.RequireCredentials(call, credentials);
        var target = PoolProviderName.TryParse(provider) ?? throw call.Input(
            "the provider is not the full resource name of a workload identity pool's provider",
            "Give //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number.");
        var where = AwsInputs.RequireRegion(call, region, AwsInputs.PartitionOf(credentials), options.CurrentValue.AwsRegion);
        var scope = new SigV4Scope(where, "sts", time.GetUtcNow());
        var url = new Uri($"{endpoints.Find("sts", where).Base}/?{Query}");
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = url.Authority,
            ["x-amz-date"] = scope.Timestamp,
            [Target] = target.FullName,
        };
        if (credentials.SessionToken is { } session)
        {
            headers["x-amz-security-token"] = session.Reveal();
        }

        headers["Authorization"] = SigV4.Authorization(HttpMethod.Post, url, headers, SigV4.EmptyBody, credentials, scope);
        var request = new
        {
            url = url.AbsoluteUri,
            method = "POST",
            headers = headers.Select(header => new { key = header.Key, value = header.Value }),
        };
        return Sensitive.Of(Uri.EscapeDataString(JsonSerializer.Serialize(request, Plain)));
    }
}
