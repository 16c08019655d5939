using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Whether a claim is pinned by a statement's conditions: whether every token that gets through has one of some named values in it.</summary>
internal static class ConditionPins
{
    /// <summary>The conditions that read a key, each with where it stands.</summary>
    public static List<(PolicyCondition Condition, string Path)> On(PolicyStatement statement, string path, string key) =>
    [
        .. statement.Conditions
            .Where(condition => condition.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
            .Select(condition => (condition, JsonPath.Below(JsonPath.Below($"{path}.Condition", condition.Operator.Name), condition.Key))),
    ];

    /// <summary>What keeps a condition from pinning its key; null when it does pin it.</summary>
    public static LintRule? Weakness(PolicyCondition condition) => condition.Operator switch
    {
        { Comparison: ValueComparison.Absence } => LintRules.Negated,
        { Negated: true } => LintRules.Negated,
        { IfExists: true } => LintRules.IfExists,
        { Qualifier: SetQualifier.ForAllValues } => LintRules.ForAllValues,
        { Comparison: ValueComparison.Like or ValueComparison.Arn } => condition.Values.Select(Weakness).OfType<LintRule>().MaxBy(static rule => rule.Severity),
        _ => null,
    };

    /// <summary>Whether a deny statement keeps out everybody but the values it names; it then denies a missing claim too.</summary>
    public static bool KeepsOutOthers(PolicyStatement statement, string key) =>
        statement.Effect == PolicyEffect.Deny
        && statement.Conditions is [{ Operator: { Negated: true, IfExists: false, Qualifier: SetQualifier.None } } condition]
        && condition.Key.Equals(key, StringComparison.OrdinalIgnoreCase)
        && (condition.Operator.Comparison is not (ValueComparison.Like or ValueComparison.Arn) || condition.Values.All(static value => Weakness(value) is null));

    private static LintRule? Weakness(string pattern)
    {
        var wildcard = pattern.AsSpan().IndexOfAny('*', '?');
        return wildcard < 0 ? null
            : pattern.AsSpan().Trim("*?").IsEmpty ? LintRules.MatchesEverything
            : pattern.AsSpan().TrimEnd("*?").IndexOfAny('*', '?') >= 0 ? LintRules.WildcardInside
            : LintRules.WildcardAtEnd;
    }
}
