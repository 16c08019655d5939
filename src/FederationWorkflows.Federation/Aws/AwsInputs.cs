using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Checks inputs before anything is sent (rules: STS API reference, AssumeRoleWithWebIdentity and Credentials).</summary>
internal static partial class AwsInputs
{
    private const int MinDuration = 900;
    private const int MaxDuration = 43_200;
    private const int MaxChained = 3600;
    private const int MaxPolicy = 2048;

    public static RoleArn RequireRole(OutboundCall call, string roleArn) =>
        RoleArn.TryParse(roleArn) ?? throw call.Input(
            "the role ARN is not the ARN of a role",
            "Give arn:aws:iam::ACCOUNT:role/NAME (partitions aws, aws-cn, aws-us-gov), as `aws iam get-role` shows it; not the ARN of a session, a user or a policy.");

    public static string RequireRegion(OutboundCall call, string? region, string partition, string configured)
    {
        if (string.IsNullOrEmpty(region))
        {
            return AwsRegions.Default(partition, configured);
        }

        if (!AwsRegions.IsWellFormed(region))
        {
            throw call.Input("the region is no AWS region", "Give one such as eu-central-1, or none.");
        }

        return AwsRegions.PartitionOf(region) == partition
            ? region
            : throw call.Input($"the region {region} is not in the partition {partition} of the role", "Give a region of the role's partition, or none.");
    }

    public static void RequireDuration(OutboundCall call, int? seconds)
    {
        if (seconds is < MinDuration or > MaxDuration)
        {
            throw call.Input($"the duration is {seconds} seconds", $"Give {MinDuration} to {MaxDuration}, and no more than the role's maximum session duration.");
        }
    }

    /// <summary>A role's session gives sessions of an hour at most (IAM User Guide, "Roles terms and concepts", role chaining).</summary>
    public static void RequireDuration(OutboundCall call, int? seconds, AwsCredentials caller)
    {
        RequireDuration(call, seconds);
        if (seconds > MaxChained && caller.AssumedRoleArn is not null)
        {
            throw call.Input($"the duration is {seconds} seconds", $"Give at most {MaxChained}: the credentials are a role's, and AWS gives no more from role to role.");
        }
    }

    public static void RequireExternalId(OutboundCall call, string? externalId)
    {
        if (externalId is not null && !IsExternalId(externalId))
        {
            throw call.Input("the external id is none", "Give 2 to 1224 of the characters A-Z a-z 0-9 + = , . @ : / _ -, as the role's owner set it.");
        }
    }

    public static bool IsExternalId(string text) => ExternalId().IsMatch(text);

    /// <summary>The name given, or that of the session that asks.</summary>
    public static string RequireSessionName(OutboundCall call, string? name, AwsCredentials caller)
    {
        if (!string.IsNullOrEmpty(name))
        {
            return RequireSessionName(call, name);
        }

        return caller.AssumedRoleArn is { } session && session.LastIndexOf('/') is > 0 and var slash ? RoleSessionName.From(session[(slash + 1)..]) : "federation-workflows";
    }

    public static void RequireToken(OutboundCall call, Sensitive<string> token)
    {
        if (token.Reveal().Length is < 4 or > IdTokenDecoder.MaxLength)
        {
            throw call.Input($"the web identity token has {token.Reveal().Length} characters", $"Give an ID token of 4 to {IdTokenDecoder.MaxLength} characters.");
        }
    }

    /// <summary>The name given, or one made of the token's subject.</summary>
    public static string RequireSessionName(OutboundCall call, string? name, Sensitive<string> token)
    {
        if (!string.IsNullOrEmpty(name))
        {
            return RequireSessionName(call, name);
        }

        string? subject;
        try
        {
            subject = IdTokenDecoder.DecodeUnverified(token.Reveal()).Subject;
        }
        catch (FederationException exception)
        {
            throw call.Input($"the web identity token cannot be read, {exception.Detail}", "Give an ID token (three parts between dots), not an access token.");
        }

        return string.IsNullOrEmpty(subject)
            ? throw call.Input("the web identity token has no sub to name the session by", "Give a session name.")
            : RoleSessionName.From(subject);
    }

    private static string RequireSessionName(OutboundCall call, string name) => RoleSessionName.IsValid(name)
        ? name
        : throw call.Input(
            "the session name is not valid",
            $"Give {RoleSessionName.MinLength} to {RoleSessionName.MaxLength} of the characters A-Z a-z 0-9 + = , . @ _ -, or none to have one made.");

    public static void RequirePolicy(OutboundCall call, string? policy)
    {
        if (policy is null)
        {
            return;
        }

        if (policy.Length is 0 or > MaxPolicy)
        {
            throw call.Input($"the session policy has {policy.Length} characters", $"Give 1 to {MaxPolicy}; white space counts.");
        }

        try
        {
            using var document = JsonDocument.Parse(policy, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw call.Input("the session policy is not a JSON object", "Give an IAM policy document with Version and Statement.");
            }
        }
        catch (JsonException exception)
        {
            throw call.Input(
                exception.LineNumber is { } line
                    ? $"the session policy is not valid JSON at line {line + 1}, byte {exception.BytePositionInLine + 1}"
                    : "the session policy has a property twice",
                "Give an IAM policy document with Version and Statement.");
        }
    }

    /// <summary>The credentials that an activity was given. The journal then tells whom it acted as: the input itself is masked there.</summary>
    public static AwsCredentials RequireCredentials(ActivityExecutionContext context, string activity, Input<AwsCredentials> input)
    {
        var credentials = context.Get(input) ?? throw Failure.Input(
            Cloud.Aws, "AWS", activity, "no credentials are given", "Give the result of an activity that assumes a role, e.g. through a variable of type Object.");
        context.TellActedAs(credentials.AssumedRoleArn);
        return credentials;
    }

    /// <summary>Credentials whose form would make the framework throw an exception that shows them.</summary>
    public static void RequireCredentials(OutboundCall call, AwsCredentials credentials)
    {
        if (!AccessKeyId().IsMatch(credentials.AccessKeyId) || !credentials.Secrets.All(secret => Secret().IsMatch(secret.Reveal())))
        {
            throw call.Input("the credentials do not have the form of AWS credentials", "Give the output of an activity that gives credentials.");
        }
    }

    /// <summary>The partition of an assumed role's session; <c>aws</c> when the credentials do not say.</summary>
    public static string PartitionOf(AwsCredentials credentials) =>
        credentials.AssumedRoleArn?.Split(':', 3) is ["arn", AwsRegions.China or AwsRegions.GovCloud, _] parts ? parts[1] : AwsRegions.Aws;

    [GeneratedRegex(@"\A[A-Za-z0-9_]{4,128}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex AccessKeyId();

    [GeneratedRegex(@"\A[A-Za-z0-9_+=,.@:/-]{2,1224}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ExternalId();

    [GeneratedRegex(@"\A[\x21-\x7E]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();
}
