using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Sts;

/// <summary>What both ways of assuming a role share: the parameters of the session, and its making.</summary>
internal sealed record RoleSession(string RoleArn, string Name, int Duration, bool DurationGiven, string? Policy)
{
    private const int MaximumPolicy = 2048;

    private static readonly XNamespace Xmlns = StsService.Xmlns;

    public string AccountId => RoleArn.Split(':')[4];

    /// <summary>Reads the common parameters. Breaches are collected; the caller throws them with its own.</summary>
    public static RoleSession Read(QueryParameters parameters) => new(
        parameters.Required("RoleArn", 20, 2048),
        parameters.Name("RoleSessionName", required: true)!,
        parameters.Integer("DurationSeconds", 900, 43_200, 3600),
        parameters["DurationSeconds"] is not null,
        parameters.Optional("Policy", 1, MaximumPolicy));

    public void CheckSyntax(QueryParameters parameters)
    {
        parameters.ThrowIfInvalid();
        if (RoleArn.Split(':', 6) is not ["arn", "aws", "iam", "", { Length: 12 }, var resource] || !resource.StartsWith("role/", StringComparison.Ordinal))
        {
            throw QueryParameters.Invalid($"{RoleArn} is invalid");
        }

        if (parameters.HasList("PolicyArns"))
        {
            throw QueryParameters.Invalid("PolicyArns are not available in the CloudLab, which has no managed policies: pass Policy.");
        }
    }

    public JsonObject ToRequestParameters() => new()
    {
        ["roleArn"] = RoleArn,
        ["roleSessionName"] = Name,
        ["durationSeconds"] = DurationGiven ? Duration : null,
        ["policy"] = Policy,
    };

    /// <summary>Makes the session of a role whose trust policy has let the caller in.</summary>
    /// <param name="call">The request.</param>
    /// <param name="keys">Where its credentials are kept.</param>
    /// <param name="role">The role.</param>
    /// <param name="origin">The condition keys that stay with the session.</param>
    /// <param name="tags">Its session tags.</param>
    /// <param name="sourceIdentity">Its source identity.</param>
    public IssuedSession Issue(AwsCall call, AccessKeyStore keys, LabRole role, ConditionContext origin, SessionTags tags, string? sourceIdentity)
    {
        if (Duration > role.Declared.MaxSessionDuration)
        {
            throw QueryParameters.Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
        }

        var packed = (Policy?.Length ?? 0) + tags.All.Sum(static tag => tag.Key.Length + tag.Value.Length);
        if (packed > MaximumPolicy)
        {
            throw new AwsException(
                "PackedPolicyTooLarge",
                $"Serialized token too large for session: the policy and tags take {PackedPercent(packed)}% of the allotted space",
                StatusCodes.Status400BadRequest);
        }

        var expires = call.Now.AddSeconds(Duration);
        var sessionPolicy = Policy is null ? null : ParsePolicy(Policy);
        AwsCaller Now() => Caller(call.Now, role, origin, tags, sourceIdentity, sessionPolicy);
        var caller = Now();
        var key = keys.AddSession(Now, call.Now, expires);
        var expiration = expires.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        call.ResponseElements = new JsonObject
        {
            ["credentials"] = new JsonObject { ["accessKeyId"] = key.Id, ["expiration"] = expiration },
            ["assumedRoleUser"] = new JsonObject { ["assumedRoleId"] = caller.UserId, ["arn"] = caller.Arn },
        };
        return new IssuedSession(
            new XElement(
                Xmlns + "Credentials",
                new XElement(Xmlns + "AccessKeyId", key.Id),
                new XElement(Xmlns + "SecretAccessKey", key.Secret.Reveal()),
                new XElement(Xmlns + "SessionToken", key.SessionToken!.Reveal()),
                new XElement(Xmlns + "Expiration", expiration)),
            new XElement(
                Xmlns + "AssumedRoleUser",
                new XElement(Xmlns + "AssumedRoleId", caller.UserId),
                new XElement(Xmlns + "Arn", caller.Arn)),
            packed == 0 ? null : new XElement(Xmlns + "PackedPolicySize", PackedPercent(packed)));
    }

    // Session tags stand before those of the role (IAM User Guide, "Pass session tags in AWS STS"), which are read as they are at the moment of a call.
    private AwsCaller Caller(DateTimeOffset issued, LabRole role, ConditionContext origin, SessionTags tags, string? sourceIdentity, PolicyDocument? sessionPolicy)
    {
        var arn = $"arn:aws:sts::{role.AccountId}:assumed-role/{role.Name}/{Name}";
        var userId = $"{role.Id}:{Name}";
        var context = role.Tags.AddTo(origin, "aws:PrincipalTag")
            .With("aws:PrincipalArn", role.Arn)
            .With("aws:PrincipalAccount", role.AccountId)
            .With("aws:PrincipalType", "AssumedRole")
            .With("aws:userid", userId)
            .With("aws:TokenIssueTime", issued.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
            .With("aws:SourceIdentity", sourceIdentity is null ? [] : [sourceIdentity]);
        foreach (var (key, value) in tags.All)
        {
            context = context.With($"aws:PrincipalTag/{key}", value);
        }

        return new AwsCaller
        {
            AccountId = role.AccountId,
            Arn = arn,
            UserId = userId,
            Principal = RequestPrincipal.RoleSession(role.AccountId, arn, role.Arn),
            IdentityPolicies = role.Policies,
            SessionPolicy = sessionPolicy,
            Context = context,
            Identity = new LabUserIdentity { Type = "AssumedRole", PrincipalId = userId, Arn = arn, AccountId = role.AccountId, SessionIssuer = role.Arn },
            IsRoleSession = true,
            SourceIdentity = sourceIdentity,
            TransitiveTags = tags.Transitive,
        };
    }

    private static PolicyDocument ParsePolicy(string policy)
    {
        try
        {
            return PolicyDocument.Parse(policy, PolicyKind.Identity);
        }
        catch (PolicyFormatException exception)
        {
            throw new AwsException(
                "MalformedPolicyDocument",
                exception.Path == "$" ? "This policy contains invalid Json" : "Syntax errors in policy.",
                StatusCodes.Status400BadRequest) { Explanation = exception.Message };
        }
    }

    private static int PackedPercent(int length) => Math.Max(1, length * 100 / MaximumPolicy);
}

/// <summary>The parts of an answer that carry a new session.</summary>
internal sealed record IssuedSession(XElement Credentials, XElement AssumedRoleUser, XElement? PackedPolicySize);
