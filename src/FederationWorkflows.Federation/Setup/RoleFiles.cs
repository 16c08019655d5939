using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Federation.Setup;

/// <summary>What the files of every role have in common, whoever it trusts.</summary>
internal static class RoleFiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Policy(params JsonNode[] statements) => new() { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statements) };

    public static string Write(JsonObject policy) => policy.ToJsonString(Indented) + "\n";

    /// <summary>What sessions may do: see the names of buckets, or work with some.</summary>
    public static JsonObject Permissions(IReadOnlyList<string> buckets, bool write) => buckets.Count == 0
        ? Policy(new JsonObject { ["Sid"] = "SeeBuckets", ["Effect"] = "Allow", ["Action"] = "s3:ListAllMyBuckets", ["Resource"] = "*" })
        : Policy(
            new JsonObject
            {
                ["Sid"] = "SeeObjects",
                ["Effect"] = "Allow",
                ["Action"] = new JsonArray("s3:GetBucketLocation", "s3:ListBucket"),
                ["Resource"] = new JsonArray([.. buckets.Select(static bucket => JsonValue.Create($"arn:aws:s3:::{bucket}"))]),
            },
            new JsonObject
            {
                ["Sid"] = write ? "ReadAndWriteObjects" : "ReadObjects",
                ["Effect"] = "Allow",
                ["Action"] = write ? new JsonArray("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload") : new JsonArray("s3:GetObject"),
                ["Resource"] = new JsonArray([.. buckets.Select(static bucket => JsonValue.Create($"arn:aws:s3:::{bucket}/*"))]),
            });

    /// <param name="purpose">What the script does, in a sentence.</param>
    /// <param name="account">The AWS account.</param>
    /// <param name="role">The role's name.</param>
    /// <param name="maxSessionDuration">The longest session, in seconds.</param>
    /// <param name="before">What must be there before the role, as lines of the script that end with a line feed; empty for nothing.</param>
    public static string Script(string purpose, string account, string role, int maxSessionDuration, string before = "") => $$"""
        #!/bin/sh
        # {{purpose}} It can be run again at any time.
        set -eu
        cd "$(dirname "$0")"
        account={{Quoting.Shell(account)}}
        role={{Quoting.Shell(role)}}

        if [ "$(aws sts get-caller-identity --query Account --output text)" != "$account" ]; then
          echo "The AWS credentials of this shell are not of account $account." >&2
          exit 1
        fi

        {{before}}if aws iam get-role --role-name "$role" >/dev/null 2>&1; then
          aws iam update-assume-role-policy --role-name "$role" --policy-document file://trust-policy.json
          aws iam update-role --role-name "$role" --max-session-duration {{maxSessionDuration}}
        else
          aws iam create-role --role-name "$role" --assume-role-policy-document file://trust-policy.json --max-session-duration {{maxSessionDuration}}
        fi
        aws iam put-role-policy --role-name "$role" --policy-name federated-access --policy-document file://permissions-policy.json

        """;
}
