namespace FederationWorkflows.Federation.Trust;

/// <summary>Decides a request by policies of one kind (IAM User Guide, "Policy evaluation logic"): an explicit deny wins, then an allow, and nothing is allowed by default.</summary>
public static class PolicyEvaluator
{
    /// <summary>
    /// Decides by the union of <paramref name="policies"/>. Kinds that limit each other - identity, session, resource policies -
    /// are decided one by one and combined by the caller.
    /// </summary>
    public static PolicyEvaluation Evaluate(IReadOnlyList<PolicyDocument> policies, PolicyRequest request)
    {
        var traces = new List<StatementTrace>();
        for (var i = 0; i < policies.Count; i++)
        {
            for (var j = 0; j < policies[i].Statements.Count; j++)
            {
                traces.Add(Trace(i, j, policies[i], request));
            }
        }

        var decision = traces.Exists(static trace => trace is { Matched: true, Effect: PolicyEffect.Deny }) ? PolicyDecision.ExplicitDeny
            : traces.Exists(static trace => trace is { Matched: true, Effect: PolicyEffect.Allow }) ? PolicyDecision.Allowed
            : PolicyDecision.ImplicitDeny;
        return new PolicyEvaluation(decision, traces);
    }

    /// <summary>Decides by one policy.</summary>
    public static PolicyEvaluation Evaluate(PolicyDocument policy, PolicyRequest request) => Evaluate([policy], request);

    private static StatementTrace Trace(int policyIndex, int index, PolicyDocument policy, PolicyRequest request)
    {
        var statement = policy.Statements[index];
        var principal = statement.Principals is null ? PrincipalMatch.NotApplicable
            : request.Principal?.MatchOf(statement.Principals) ?? PrincipalMatch.None;
        var action = statement.Actions.Patterns.Any(pattern => ActionMatches(pattern, request)) != statement.Actions.Negated;
        return new StatementTrace(
            policyIndex,
            index,
            statement.Sid,
            statement.Effect,
            principal,
            action,
            ResourceMatches(statement.Resources, policy.HasVariables, request),
            [.. statement.Conditions.Select(condition => ConditionEvaluator.Evaluate(condition, policy.HasVariables, request.Context))]);
    }

    private static bool ActionMatches(string text, PolicyRequest request) =>
        PolicyPattern.TryResolve(text, wildcards: true, variables: false, request.Context, out var pattern) && pattern.Matches(request.Action, ignoreCase: true);

    private static bool ResourceMatches(PatternElement? resources, bool hasVariables, PolicyRequest request)
    {
        if (resources is null)
        {
            return true;
        }

        var any = false;
        foreach (var text in resources.Patterns)
        {
            if (PolicyPattern.TryResolve(text, wildcards: true, hasVariables, request.Context, out var pattern))
            {
                // An action without a resource of its own, such as s3:ListAllMyBuckets, fits only "*".
                any |= request.Resource == "*" ? text == "*" : pattern.MatchesArn(request.Resource);
            }
            else if (resources.Negated)
            {
                // "All but ${unknown}" says nothing that could be relied on.
                return false;
            }
        }

        return any != resources.Negated;
    }
}
