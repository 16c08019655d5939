using System.Text.Json;

namespace FederationWorkflows.Federation.Trust;

/// <summary>Reads a statement's <c>Condition</c> and refuses values that its operators cannot compare.</summary>
internal static class ConditionParser
{
    public static IReadOnlyList<PolicyCondition> Parse(JsonElement value, string path)
    {
        PolicyParser.RequireObject(value, path, "Condition");
        var conditions = new List<PolicyCondition>();
        foreach (var block in value.EnumerateObject())
        {
            var at = JsonPath.Below(path, block.Name);
            if (!ConditionOperator.TryParse(block.Name, out var conditionOperator))
            {
                throw new PolicyFormatException(at, $"'{block.Name}' is not a condition operator; see \"IAM JSON policy elements: Condition operators\".");
            }

            PolicyParser.RequireObject(block.Value, at, "An operator's value");
            foreach (var key in block.Value.EnumerateObject())
            {
                var keyPath = JsonPath.Below(at, key.Name);
                var values = PolicyParser.Texts(key.Value, keyPath);
                if (values.FirstOrDefault(text => !conditionOperator.Accepts(text)) is { } bad)
                {
                    throw new PolicyFormatException(keyPath, $"'{bad}' is not a value that {conditionOperator} can compare.");
                }

                conditions.Add(new PolicyCondition(conditionOperator, key.Name, values));
            }
        }

        return conditions;
    }
}
