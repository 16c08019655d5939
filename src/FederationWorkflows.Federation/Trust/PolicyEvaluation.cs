namespace FederationWorkflows.Federation.Trust;

/// <summary>What policies say about a request (IAM User Guide, "Policy evaluation logic").</summary>
public enum PolicyDecision
{
    /// <summary>Nothing allows it: deny by default.</summary>
    ImplicitDeny,

    /// <summary>A statement allows it and none denies it.</summary>
    Allowed,

    /// <summary>A statement denies it.</summary>
    ExplicitDeny,
}

/// <summary>How a statement's principal element fits the caller.</summary>
public enum PrincipalMatch
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>The statement has no principals: an identity policy speaks of whoever it is attached to.</summary>
    NotApplicable,

    /// <summary>Through the caller's account: the account's own policies must allow the caller too.</summary>
    Account,

    /// <summary>By name, or because everybody is meant.</summary>
    Direct,
}

/// <summary>The decision, and how every statement came to it.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Statements">What each statement of each policy said, in order.</param>
public sealed record PolicyEvaluation(PolicyDecision Decision, IReadOnlyList<StatementTrace> Statements)
{
    /// <summary>The statements that decided: those that deny, or else those that allow; empty when nothing matched.</summary>
    public IEnumerable<StatementTrace> Deciding => Decision switch
    {
        PolicyDecision.ExplicitDeny => Statements.Where(statement => statement is { Matched: true, Effect: PolicyEffect.Deny }),
        PolicyDecision.Allowed => Statements.Where(statement => statement is { Matched: true, Effect: PolicyEffect.Allow }),
        _ => [],
    };
}

/// <summary>What one statement said, and why.</summary>
/// <param name="PolicyIndex">Which of the policies it stands in, from 0.</param>
/// <param name="Index">Where it stands in its policy, from 0.</param>
/// <param name="Sid">Its name.</param>
/// <param name="Effect">What it does when it matches.</param>
/// <param name="Principal">How its principals fit the caller.</param>
/// <param name="ActionMatched">Whether its actions fit.</param>
/// <param name="ResourceMatched">Whether its resources fit; true in a trust policy.</param>
/// <param name="Conditions">What each condition said, also of a statement that does not match for another reason.</param>
public sealed record StatementTrace(
    int PolicyIndex,
    int Index,
    string? Sid,
    PolicyEffect Effect,
    PrincipalMatch Principal,
    bool ActionMatched,
    bool ResourceMatched,
    IReadOnlyList<ConditionTrace> Conditions)
{
    /// <summary>Whether the statement takes effect.</summary>
    public bool Matched => Principal != PrincipalMatch.None && ActionMatched && ResourceMatched && Conditions.All(static condition => condition.Satisfied);

    /// <summary>The name by which to speak of it: its Sid, or its place.</summary>
    public string Label => string.IsNullOrEmpty(Sid) ? $"Statement[{Index}]" : Sid;
}

/// <summary>What one condition said, and why.</summary>
/// <param name="Operator">The operator as written.</param>
/// <param name="Key">The condition key.</param>
/// <param name="Expected">The policy's values, as written.</param>
/// <param name="Found">The request's values; empty when it has none.</param>
/// <param name="Satisfied">Whether it holds.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record ConditionTrace(string Operator, string Key, IReadOnlyList<string> Expected, IReadOnlyList<string> Found, bool Satisfied, string Reason);
