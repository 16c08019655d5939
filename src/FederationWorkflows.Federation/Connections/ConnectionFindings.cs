using System.Text.Json;
using FederationWorkflows.Federation.Lint;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Connections;

/// <summary>What the linter finds in a connection as it is configured now, and in the trust policy that is declared for its role.</summary>
internal static class ConnectionFindings
{
    /// <param name="connection">The connection.</param>
    /// <param name="trust">The declared trust policies.</param>
    public static IEnumerable<ConnectionFinding> Of(ConnectionDefinition connection, ExpectedTrust trust)
    {
        var options = connection.Options;
        var configuration = JsonSerializer.Serialize(new
        {
            Federation = new
            {
                Connections = new Dictionary<string, object>
                {
                    [connection.Name] = new { options.Kind, options.Stories, Json = options.Json?.ToString(), MaxDuration = options.MaxDuration?.ToString("c") },
                },
            },
        });
        var findings = TrustLinter.Lint(configuration).Findings.AsEnumerable();
        if (options.RoleArn is { } role && trust.Find(role) is { } policy)
        {
            findings = findings.Concat(OfTrust(policy).Select(static finding => finding with { Message = $"The role's declared trust policy, {finding.Path}: {finding.Message}" }));
        }

        return findings.OrderByDescending(static finding => finding.Rule.Severity)
            .Select(static finding => new ConnectionFinding(finding.Rule.Id, finding.Rule.Severity, finding.Message, finding.Rule.Risk, finding.Fix));
    }

    private static IReadOnlyList<LintFinding> OfTrust(string policy)
    {
        try
        {
            return TrustLinter.LintTrustPolicy(policy);
        }
        catch (LintFormatException exception)
        {
            return [new LintFinding(LintRules.MalformedPolicy, "$", null, null, exception.Message, LintRules.MalformedPolicy.Fix)];
        }
    }
}
