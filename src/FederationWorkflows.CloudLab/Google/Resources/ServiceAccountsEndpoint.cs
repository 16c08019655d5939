using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Resources;

/// <summary>
/// The Identity and Access Management API, version 1, as far as it lists: <c>projects.serviceAccounts.list</c> and <c>projects.serviceAccounts.keys.list</c>
/// (IAM REST reference).
/// </summary>
internal sealed class ServiceAccountsEndpoint(GoogleDirectory directory, GoogleApi api, DateTimeOffset started)
{
    public const string AccountsRoute = "/google/iam/v1/projects/{project}/serviceAccounts";
    public const string KeysRoute = "/google/iam/v1/projects/{project}/serviceAccounts/{account}/keys";

    private const string ServiceName = "iam.googleapis.com";
    private const int LargestPage = 100;

    // Google's keys do not expire unless an organization policy says so.
    private const string Never = "9999-12-31T23:59:59Z";

    private static readonly TimeSpan SystemKeyLife = TimeSpan.FromDays(15);

    public Task ListAccountsAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["project"]!;
        var entry = new GoogleAuditEntry(ServiceName, "google.iam.admin.v1.ListServiceAccounts");
        entry.Asked["name"] = $"projects/{name}";
        return api.AnswerAsync(context, entry, () =>
        {
            var caller = api.Authenticate(context, ServiceName, "google.iam.admin.v1.IAM.ListServiceAccounts", entry, OAuthScopes.CloudPlatform, OAuthScopes.Iam);
            if (directory.FindProject(name) is not { } project || !project.IamPolicy.Grants(caller.Principal, PredefinedRoles.ListAccounts))
            {
                throw GoogleApiException.PermissionDenied(PredefinedRoles.ListAccounts);
            }

            var accounts = directory.ServiceAccounts.Where(account => account.ProjectId == project.Id).OrderBy(account => account.Email, StringComparer.Ordinal).ToList();
            var size = Number(context, "pageSize", 20);
            var start = Number(context, "pageToken", 0);
            var page = accounts.Skip(start).Take(size is 0 or > LargestPage ? LargestPage : size).ToList();
            var answer = new JsonObject { ["accounts"] = new JsonArray([.. page.Select(Describe)]) };
            if (start + page.Count < accounts.Count)
            {
                answer["nextPageToken"] = (start + page.Count).ToString(CultureInfo.InvariantCulture);
            }

            return Task.FromResult(answer);
        });
    }

    public Task ListKeysAsync(HttpContext context)
    {
        var project = (string)context.Request.RouteValues["project"]!;
        var name = (string)context.Request.RouteValues["account"]!;
        var entry = new GoogleAuditEntry(ServiceName, "google.iam.admin.v1.ListServiceAccountKeys");
        entry.Asked["name"] = $"projects/{project}/serviceAccounts/{name}";
        return api.AnswerAsync(context, entry, () =>
        {
            var caller = api.Authenticate(context, ServiceName, "google.iam.admin.v1.IAM.ListServiceAccountKeys", entry, OAuthScopes.CloudPlatform, OAuthScopes.Iam);
            if (directory.FindServiceAccount(name) is not { } account || !(project == "-" || project == account.ProjectId) || !account.Grants(caller.Principal, PredefinedRoles.ListKeys))
            {
                throw GoogleApiException.PermissionDenied(PredefinedRoles.ListKeys);
            }

            var types = context.Request.Query["keyTypes"].OfType<string>().ToList();
            if (types.Find(type => type is not ("USER_MANAGED" or "SYSTEM_MANAGED" or "KEY_TYPE_UNSPECIFIED")) is { } unknown)
            {
                throw GoogleApiException.InvalidField($"Invalid value at 'key_types' (type.googleapis.com/google.iam.admin.v1.ListServiceAccountKeysRequest.KeyType), \"{unknown}\"", "key_types");
            }

            var keys = account.Keys.Select(key => Describe(account, key)).Where(key => types.Count == 0 || types.Contains((string)key["keyType"]!));
            return Task.FromResult(new JsonObject { ["keys"] = new JsonArray([.. keys]) });
        });
    }

    private static int Number(HttpContext context, string parameter, int otherwise) => context.Request.Query[parameter].ToString() is not { Length: > 0 } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw GoogleApiException.InvalidArgument();

    private static JsonObject Describe(ServiceAccountEntry account)
    {
        var answer = new JsonObject
        {
            ["name"] = $"projects/{account.ProjectId}/serviceAccounts/{account.Email}",
            ["projectId"] = account.ProjectId,
            ["uniqueId"] = account.UniqueId,
            ["email"] = account.Email,
            ["oauth2ClientId"] = account.UniqueId,
        };
        if (account.DisplayName is { } displayName)
        {
            answer["displayName"] = displayName;
        }

        // As everywhere in Google's JSON, what is false is left out.
        if (account.Disabled)
        {
            answer["disabled"] = true;
        }

        return answer;
    }

    private JsonObject Describe(ServiceAccountEntry account, ServiceAccountKeyEntry key)
    {
        var made = key.Declared?.CreateTime ?? started;
        var answer = new JsonObject
        {
            ["name"] = $"projects/{account.ProjectId}/serviceAccounts/{account.Email}/keys/{key.KeyId}",
            ["validAfterTime"] = Time(made),
            ["validBeforeTime"] = key.IsSystemManaged ? Time(made + SystemKeyLife) : Never,
            ["keyAlgorithm"] = "KEY_ALG_RSA_2048",
            ["keyOrigin"] = key.ForeignKey is null ? "GOOGLE_PROVIDED" : "USER_PROVIDED",
            ["keyType"] = key.IsSystemManaged ? "SYSTEM_MANAGED" : "USER_MANAGED",
        };
        if (key.Disabled)
        {
            answer["disabled"] = true;
        }

        return answer;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
