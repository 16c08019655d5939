using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Looks through what a role's sessions may do, as far as it lets them become somebody else or everything.</summary>
internal static class IdentityPolicyRules
{
    public static void Check(LintDocument document, LintNode policy)
    {
        PolicyDocument parsed;
        try
        {
            parsed = PolicyDocument.Parse(policy.Value.GetRawText(), PolicyKind.Identity);
        }
        catch (PolicyFormatException exception)
        {
            document.Report(LintRules.MalformedPolicy, policy.Path + exception.Path[1..], exception.Problem);
            return;
        }

        var paths = TrustPolicyRules.Paths(policy, parsed);
        for (var i = 0; i < parsed.Statements.Count; i++)
        {
            if (parsed.Statements[i].Effect == PolicyEffect.Allow)
            {
                Check(document, parsed.Statements[i], paths[i]);
            }
        }
    }

    private static void Check(LintDocument document, PolicyStatement statement, string path)
    {
        if (statement.Actions.Negated)
        {
            document.Report(LintRules.NotAction, $"{path}.NotAction", $"Everything but {string.Join(", ", statement.Actions.Patterns)} is allowed.");
            return;
        }

        // A condition may well make the whole of it narrow; what it says is not for this rule to judge.
        if (statement.Resources!.Negated || !statement.Resources.Patterns.Contains("*") || statement.Conditions.Count > 0)
        {
            return;
        }

        foreach (var action in statement.Actions.Patterns)
        {
            if (action is "*" or "*:*")
            {
                document.Report(LintRules.Administrator, $"{path}.Action", "Every action on every resource is allowed.");
            }
            else if (action.EndsWith(":*", StringComparison.Ordinal))
            {
                document.Report(LintRules.ServiceWildcard, $"{path}.Action", $"{action} is allowed on every resource.");
            }
            else if (action.Equals("sts:AssumeRole", StringComparison.OrdinalIgnoreCase) || action.Equals("iam:PassRole", StringComparison.OrdinalIgnoreCase))
            {
                document.Report(LintRules.AssumeAnyRole, $"{path}.Resource", $"{action} is allowed on every role.");
            }
        }
    }
}
