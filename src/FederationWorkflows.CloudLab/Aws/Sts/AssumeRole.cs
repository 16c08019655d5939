using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Sts;

/// <summary>AWS STS API Reference, AssumeRole.</summary>
internal sealed class AssumeRole(AwsCloud cloud)
{
    private const int LongestChainedSession = 3600;

    private static readonly XNamespace Xmlns = StsService.Xmlns;

    public XElement Handle(AwsCall call, AwsCaller caller, QueryParameters parameters)
    {
        var session = RoleSession.Read(parameters);
        var externalId = parameters.Optional("ExternalId", 2, 1224);
        var sourceIdentity = parameters.Name("SourceIdentity", required: false);
        var tags = parameters.Pairs("Tags", SessionTags.Maximum);
        var transitiveKeys = parameters.Values("TransitiveTagKeys", SessionTags.Maximum);
        call.RequestParameters = session.ToRequestParameters();
        call.RequestParameters["externalId"] = externalId;
        call.RequestParameters["sourceIdentity"] = sourceIdentity;
        session.CheckSyntax(parameters);
        var sessionTags = SessionTags.Of(caller, tags, transitiveKeys);
        if (sourceIdentity is not null && caller.SourceIdentity is { } fixedIdentity && sourceIdentity != fixedIdentity)
        {
            throw QueryParameters.Invalid($"The source identity of the caller's session is {fixedIdentity} and stays so when it assumes further roles");
        }

        // What the caller's session hands on needs the same permissions as what the call passes.
        sourceIdentity ??= caller.SourceIdentity;
        var more = ConditionContext.Empty
            .With("sts:RoleSessionName", session.Name)
            .With("sts:ExternalId", externalId is null ? [] : [externalId])
            .With("sts:SourceIdentity", sourceIdentity is null ? [] : [sourceIdentity])
            .With("sts:TransitiveTagKeys", [.. transitiveKeys])
            .With("aws:TagKeys", [.. tags.Select(static tag => tag.Key)]);
        foreach (var (key, value) in tags)
        {
            more = more.With($"aws:RequestTag/{key}", value);
        }

        var role = cloud.FindRole(session.RoleArn) ?? throw Denied(caller, "sts:AssumeRole", session.RoleArn, $"there is no role {session.RoleArn}");
        string?[] actions = ["sts:AssumeRole", sessionTags.All.Count > 0 ? "sts:TagSession" : null, sourceIdentity is not null ? "sts:SetSourceIdentity" : null];
        foreach (var action in actions.OfType<string>())
        {
            Authorize(call, caller, role, action, more);
        }

        if (caller.IsRoleSession && session.Duration > LongestChainedSession)
        {
            throw QueryParameters.Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
        }

        var issued = session.Issue(call, cloud.Keys, role, ConditionContext.Empty, sessionTags, sourceIdentity);
        return new XElement(
            Xmlns + "AssumeRoleResult",
            issued.AssumedRoleUser,
            issued.Credentials,
            issued.PackedPolicySize,
            sourceIdentity is null ? null : new XElement(Xmlns + "SourceIdentity", sourceIdentity));
    }

    // IAM User Guide, "Cross-account policy evaluation logic": the trust policy must allow, and unless it names a caller
    // of the role's own account, the caller's policies must allow too. A deny of either side wins.
    private static void Authorize(AwsCall call, AwsCaller caller, LabRole role, string action, ConditionContext more)
    {
        var context = call.RequestContext(caller.Context);
        foreach (var key in more.Keys)
        {
            context = more.TryGet(key, out var values) ? context.With(key, values) : context;
        }

        var trust = PolicyEvaluator.Evaluate(role.TrustPolicy, new PolicyRequest(caller.Principal, action, role.Arn, context));
        if (trust.Decision != PolicyDecision.Allowed)
        {
            throw Denied(caller, action, role.Arn, $"trust policy: {AwsAuthorizer.Explain(trust)}");
        }

        var trustSuffices = caller.AccountId == role.AccountId && trust.Deciding.Any(static statement => statement.Principal == PrincipalMatch.Direct);
        var own = AwsAuthorizer.Check(call, caller, action, role.Arn, more);
        if (own is not null && (!trustSuffices || own.IsExplicit || caller.SessionPolicy is not null))
        {
            throw Denied(caller, action, role.Arn, own.Explanation, own.Reason);
        }
    }

    private static AwsException Denied(AwsCaller caller, string action, string resource, string explanation, string? reason = null) => new(
        "AccessDenied",
        $"User: {caller.Arn} is not authorized to perform: {action} on resource: {resource}{(reason is null ? string.Empty : $" {reason}")}",
        StatusCodes.Status403Forbidden) { Explanation = explanation };
}
