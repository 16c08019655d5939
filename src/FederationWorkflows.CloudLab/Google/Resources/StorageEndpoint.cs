using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Resources;

/// <summary>Cloud Storage's JSON API, version 1, as far as it lists buckets (<c>buckets.list</c>): a resource that federated identities reach without a service account.</summary>
internal sealed class StorageEndpoint(GoogleDirectory directory, GoogleApi api, DateTimeOffset started)
{
    /// <summary>The service's name, as before every other service's path, and then the path, which begins with it once more.</summary>
    public const string BucketsRoute = "/google/storage/storage/v1/b";

    public const string ShortBucketsRoute = "/google/storage/v1/b";

    private const string ServiceName = "storage.googleapis.com";

    private static readonly string[] Scopes =
    [
        OAuthScopes.CloudPlatform,
        "https://www.googleapis.com/auth/cloud-platform.read-only",
        "https://www.googleapis.com/auth/devstorage.full_control",
        "https://www.googleapis.com/auth/devstorage.read_only",
        "https://www.googleapis.com/auth/devstorage.read_write",
    ];

    public Task ListBucketsAsync(HttpContext context)
    {
        var name = context.Request.Query["project"].ToString();
        var entry = new GoogleAuditEntry(ServiceName, "storage.buckets.list");
        entry.Asked["project"] = name;
        return api.AnswerAsync(
            context,
            entry,
            () =>
            {
                var caller = api.Authenticate(context, ServiceName, "storage.buckets.list", entry, Scopes);
                if (name.Length == 0)
                {
                    throw GoogleApiException.InvalidArgument("Required parameter: project");
                }

                if (directory.FindProject(name) is not { } project || !project.IamPolicy.Grants(caller.Principal, PredefinedRoles.ListBuckets))
                {
                    throw GoogleApiException.PermissionDenied(
                        PredefinedRoles.ListBuckets, $"{caller.Principal.Email ?? caller.Principal.Member} does not have {PredefinedRoles.ListBuckets} access to the Google Cloud project. ");
                }

                var buckets = project.Buckets.OrderBy(bucket => bucket.Name, StringComparer.Ordinal).Select(bucket => Describe(bucket, project));
                return Task.FromResult(new JsonObject { ["kind"] = "storage#buckets", ["items"] = new JsonArray([.. buckets]) });
            },
            Refusal);
    }

    // Cloud Storage has errors of its own form (JSON API, "HTTP status and error codes").
    private static JsonObject Refusal(GoogleApiException exception) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = exception.HttpStatus,
            ["message"] = exception.Message,
            ["errors"] = new JsonArray(new JsonObject
            {
                ["message"] = exception.Message,
                ["domain"] = "global",
                ["reason"] = exception.HttpStatus switch { 401 => "authError", 403 => "forbidden", _ => "required" },
            }),
        },
    };

    private JsonObject Describe(GoogleBucket bucket, GoogleProject project) => new()
    {
        ["kind"] = "storage#bucket",
        ["id"] = bucket.Name,
        ["name"] = bucket.Name,
        ["projectNumber"] = project.Number,
        ["location"] = bucket.Location,
        ["storageClass"] = "STANDARD",
        ["timeCreated"] = (bucket.TimeCreated ?? started).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
    };
}
