using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>
/// Whether a caller's own policies allow an action: the identity's, cut down by the session's (IAM User Guide, "Policy evaluation logic").
/// </summary>
internal static class AwsAuthorizer
{
    /// <summary>Null when allowed; otherwise the ending of AWS's message (IAM User Guide, "Troubleshoot access denied error messages") and an explanation.</summary>
    public static AccessDenial? Check(AwsCall call, AwsCaller caller, string action, string resource, ConditionContext? more = null)
    {
        var context = call.RequestContext(caller.Context);
        foreach (var key in more?.Keys ?? [])
        {
            more!.TryGet(key, out var values);
            context = context.With(key, values!);
        }

        var request = new PolicyRequest(caller.Principal, action, resource, context);
        var identity = PolicyEvaluator.Evaluate(caller.IdentityPolicies, request);
        var session = caller.SessionPolicy is { } policy ? PolicyEvaluator.Evaluate(policy, request) : null;
        if (identity.Decision == PolicyDecision.ExplicitDeny)
        {
            return new AccessDenial("with an explicit deny in an identity-based policy", Explain(identity));
        }

        if (session?.Decision == PolicyDecision.ExplicitDeny)
        {
            return new AccessDenial("with an explicit deny in a session policy", Explain(session));
        }

        if (identity.Decision == PolicyDecision.ImplicitDeny)
        {
            return new AccessDenial($"because no identity-based policy allows the {action} action", Explain(identity));
        }

        return session?.Decision == PolicyDecision.ImplicitDeny
            ? new AccessDenial($"because no session policy allows the {action} action", Explain(session))
            : null;
    }

    /// <summary>Says in one line what each statement said.</summary>
    public static string Explain(PolicyEvaluation evaluation)
    {
        if (evaluation.Decision == PolicyDecision.ExplicitDeny)
        {
            return $"denied by {string.Join(", ", evaluation.Deciding.Select(static statement => statement.Label))}";
        }

        return evaluation.Statements.Count == 0 ? "there is no policy" : string.Join("; ", evaluation.Statements.Select(Explain));
    }

    private static string Explain(StatementTrace statement)
    {
        if (statement.Matched)
        {
            return $"{statement.Label}: matches";
        }

        var reasons = new List<string>();
        if (statement.Principal == PrincipalMatch.None)
        {
            reasons.Add("the principal is not named");
        }

        if (!statement.ActionMatched)
        {
            reasons.Add("the action is not named");
        }

        if (!statement.ResourceMatched)
        {
            reasons.Add("the resource is not named");
        }

        reasons.AddRange(statement.Conditions.Where(static condition => !condition.Satisfied).Select(static condition =>
            $"{condition.Operator} {condition.Key}: {condition.Reason} (expected {string.Join(" or ", condition.Expected)}; found {(condition.Found.Count == 0 ? "nothing" : string.Join(", ", condition.Found))})"));
        return $"{statement.Label}: {string.Join(", ", reasons)}";
    }
}

/// <summary>Why an action is denied.</summary>
/// <param name="Reason">How AWS ends its message.</param>
/// <param name="Explanation">Which statements and conditions, for the event log.</param>
internal sealed record AccessDenial(string Reason, string Explanation)
{
    /// <summary>Whether a statement denies it, and not merely none allows it.</summary>
    public bool IsExplicit => Reason.StartsWith("with an explicit deny", StringComparison.Ordinal);
}
