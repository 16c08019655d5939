using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.EndToEnd;

/// <summary>What can be wrong in the clouds or in the story.</summary>
internal static class Changes
{
    private const string Responder = "incident-responder";

    /// <summary>Another value of a variable of the story.</summary>
    public static void Set(this JsonNode story, string variable, JsonNode value) =>
        story["variables"]!.AsArray().Single(item => (string?)item!["name"] == variable)!["value"] = value;

    /// <summary>Another literal for an input of an activity.</summary>
    public static void Set(this JsonNode story, string activity, string input, JsonNode value) =>
        story["root"]!["activities"]!.AsArray().Single(item => (string?)item!["id"] == activity)![input] =
            new JsonObject { ["expression"] = new JsonObject { ["type"] = "Literal", ["value"] = value } };

    /// <summary>The role's trust policy with a text replaced.</summary>
    public static LabWorld TrustPolicy(this LabWorld world, string from, string to, string name = Responder) =>
        world.Role(name, role => role with { TrustPolicy = Replaced(role.TrustPolicy, from, to) });

    /// <summary>The role's trust policy with one more statement.</summary>
    public static LabWorld TrustStatement(this LabWorld world, string statement) => world.Role(Responder, role => role with { TrustPolicy = Extended(role.TrustPolicy, statement) });

    /// <summary>The policy of what the role may do with a text replaced.</summary>
    public static LabWorld Permissions(this LabWorld world, string from, string to, string name = Responder) =>
        world.Role(name, role => role with { Policies = [.. role.Policies.Select(policy => policy with { Document = Replaced(policy.Document, from, to) })] });

    /// <summary>The policy of what the role may do with one more statement.</summary>
    public static LabWorld Permission(this LabWorld world, string statement, string name = Responder) =>
        world.Role(name, role => role with { Policies = [.. role.Policies.Select(policy => policy with { Document = Extended(policy.Document, statement) })] });

    /// <summary>A changed service account of the default world.</summary>
    public static LabWorld Account(this LabWorld world, string name, Func<GoogleServiceAccount, GoogleServiceAccount> change) => world with
    {
        Google = world.Google with
        {
            Projects =
            [
                .. world.Google.Projects.Select(project => project with
                {
                    ServiceAccounts = [.. project.ServiceAccounts.Select(account => account.Name == name ? change(account) : account)],
                }),
            ],
        },
    };

    /// <summary>A changed bucket of the default world.</summary>
    public static LabWorld Bucket(this LabWorld world, string name, Func<AwsBucket, AwsBucket> change) => world with
    {
        Aws = world.Aws with
        {
            Accounts = [.. world.Aws.Accounts.Select(account => account with { Buckets = [.. account.Buckets.Select(bucket => bucket.Name == name ? change(bucket) : bucket)] })],
        },
    };

    /// <summary>A changed provider of the default world's pool.</summary>
    public static LabWorld Provider(this LabWorld world, string id, Func<WorkloadIdentityPoolProvider, WorkloadIdentityPoolProvider> change) => world with
    {
        Google = world.Google with
        {
            Projects =
            [
                .. world.Google.Projects.Select(project => project with
                {
                    WorkloadIdentityPools = [.. project.WorkloadIdentityPools.Select(pool => pool with { Providers = [.. pool.Providers.Select(provider => provider.Id == id ? change(provider) : provider)] })],
                }),
            ],
        },
    };

    private static LabWorld Role(this LabWorld world, string name, Func<AwsRole, AwsRole> change) => world with
    {
        Aws = world.Aws with
        {
            Accounts = [.. world.Aws.Accounts.Select(account => account with { Roles = [.. account.Roles.Select(role => role.Name == name ? change(role) : role)] })],
        },
    };

    private static JsonElement Replaced(JsonElement policy, string from, string to)
    {
        var text = policy.GetRawText();
        text.ShouldContain(from);
        return JsonDocument.Parse(text.Replace(from, to, StringComparison.Ordinal)).RootElement;
    }

    private static JsonElement Extended(JsonElement policy, string statement)
    {
        var node = JsonNode.Parse(policy.GetRawText())!;
        node["Statement"]!.AsArray().Add(JsonNode.Parse(statement));
        return JsonDocument.Parse(node.ToJsonString()).RootElement;
    }
}
