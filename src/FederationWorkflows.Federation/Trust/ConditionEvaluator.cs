namespace FederationWorkflows.Federation.Trust;

/// <summary>Evaluates one condition and says why it holds or not.</summary>
internal static class ConditionEvaluator
{
    public static ConditionTrace Evaluate(PolicyCondition condition, bool hasVariables, ConditionContext context)
    {
        var present = context.TryGet(condition.Key, out var found);
        if (condition.Operator.Comparison == ValueComparison.Absence)
        {
            var satisfied = condition.Values.Any(value => ValueComparer.Bool(value) == !present);
            return Trace(satisfied, present ? "the request has the key" : "the request does not have the key");
        }

        if (!present)
        {
            return Missing();
        }

        var withVariables = hasVariables && ValueComparer.HasVariables(condition.Operator.Comparison);
        var wildcards = condition.Operator.Comparison is ValueComparison.Like or ValueComparison.Arn;
        var expected = new List<PolicyPattern>();
        foreach (var value in condition.Values)
        {
            if (!PolicyPattern.TryResolve(value, wildcards, withVariables, context, out var pattern))
            {
                // What a variable without a value would have meant is unknown; neither form of the operator may grant on it.
                return Trace(false, $"the request has no single value for a variable in '{value}'");
            }

            expected.Add(pattern);
        }

        var negated = condition.Operator.Negated;
        var qualifier = condition.Operator.Qualifier;
        bool Holds(string value) => expected.Exists(pattern => ValueComparer.Matches(condition.Operator.Comparison, pattern, value)) != negated;

        // Without a qualifier a negated operator is the opposite of the plain one: it holds when none of the values matches.
        var all = qualifier == SetQualifier.ForAllValues || (qualifier == SetQualifier.None && negated);
        var result = all ? found!.All(Holds) : found!.Any(Holds);
        return Trace(result, (result, negated) switch
        {
            (true, false) => "matches",
            (true, true) => "differs, as it must",
            (false, false) => all ? "a value of the request matches none of the expected" : "none of the expected values matches",
            (false, true) => "matches, and must not",
        });

        ConditionTrace Missing() => condition.Operator switch
        {
            { IfExists: true } => Trace(true, "the request does not have the key, and IfExists lets that pass"),
            { Qualifier: SetQualifier.ForAllValues } => Trace(true, "the request does not have the key, and ForAllValues lets that pass"),
            { Qualifier: SetQualifier.ForAnyValue } => Trace(false, "the request does not have the key"),
            { Negated: true } => Trace(true, "the request does not have the key, so it differs"),
            _ => Trace(false, "the request does not have the key"),
        };

        ConditionTrace Trace(bool satisfied, string reason) =>
            new(condition.Operator.Name, condition.Key, condition.Values, present ? found! : [], satisfied, reason);
    }
}
