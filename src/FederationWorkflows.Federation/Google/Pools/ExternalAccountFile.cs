using System.Text.Json;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Writes the credential files that tell Google's own client libraries and gcloud how to exchange another cloud's or cluster's identity at a workload identity pool
/// (<c>type: external_account</c>; AIP-4117). Such a file holds no secret.
/// </summary>
/// <param name="provider">The provider.</param>
/// <param name="serviceAccount">The service account to become, by its email; null for the federated identity itself.</param>
/// <param name="endpoints">Where the clouds are; those of the host's configuration, for a stand-in.</param>
public sealed class ExternalAccountFile(PoolProviderName provider, string? serviceAccount, CloudEndpoints endpoints)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>For a workload in AWS: the libraries find its credentials in the environment or at the instance's metadata service (version 2), and sign GetCallerIdentity.</summary>
    public string ForAws()
    {
        var metadata = endpoints.AwsInstanceMetadata.AbsoluteUri.TrimEnd('/') + "/latest/";

        // The libraries put the region into {region}; a stand-in has one address for all.
        var sts = endpoints.AwsSts?.AbsoluteUri.TrimEnd('/') ?? "https://sts.{region}.amazonaws.com";
        return Write("urn:ietf:params:aws:token-type:aws4_request", new JsonObject
        {
            ["environment_id"] = "aws1",
            ["region_url"] = metadata + "meta-data/placement/availability-zone",
            ["url"] = metadata + "meta-data/iam/security-credentials",
            ["regional_cred_verification_url"] = sts + "?Action=GetCallerIdentity&Version=2011-06-15",
            ["imdsv2_session_token_url"] = metadata + "api/token",
        });
    }

    /// <summary>For a workload whose ID token is in a file, such as a pod's projected service account token. The libraries read it anew for each exchange.</summary>
    /// <param name="path">The file's path where the workload runs; it holds the token alone.</param>
    public string ForFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Write("urn:ietf:params:oauth:token-type:jwt", new JsonObject { ["file"] = path, ["format"] = new JsonObject { ["type"] = "text" } });
    }

    /// <summary>For a workload that gets its ID token from a local endpoint.</summary>
    /// <param name="url">The endpoint: an absolute http or https URL.</param>
    /// <param name="headers">What a request needs.</param>
    /// <param name="tokenField">The field of a JSON answer that has the token; null for an answer that is the token.</param>
    public string ForUrl(Uri url, IReadOnlyDictionary<string, string>? headers = null, string? tokenField = null)
    {
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            throw new ArgumentException("The endpoint is an absolute http or https URL.", nameof(url));
        }

        var source = new JsonObject { ["url"] = url.AbsoluteUri };
        if (headers is { Count: > 0 })
        {
            source["headers"] = new JsonObject(headers.Select(header => KeyValuePair.Create<string, JsonNode?>(header.Key, header.Value)));
        }

        source["format"] = tokenField is null ? new JsonObject { ["type"] = "text" } : new JsonObject { ["type"] = "json", ["subject_token_field_name"] = tokenField };
        return Write("urn:ietf:params:oauth:token-type:jwt", source);
    }

    private string Write(string subjectTokenType, JsonObject source)
    {
        var file = new JsonObject
        {
            ["universe_domain"] = "googleapis.com",
            ["type"] = "external_account",
            ["audience"] = provider.FullName,
            ["subject_token_type"] = subjectTokenType,
            ["token_url"] = endpoints.GoogleSts.AbsoluteUri,
            ["credential_source"] = source,
        };
        if (serviceAccount is not null)
        {
            file["service_account_impersonation_url"] =
                $"{endpoints.GoogleIamCredentials.AbsoluteUri.TrimEnd('/')}/v1/projects/-/serviceAccounts/{serviceAccount}:generateAccessToken";
        }

        return file.ToJsonString(Indented);
    }
}
