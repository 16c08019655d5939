using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Findings in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which code hosts show beside the code.</summary>
public static class SarifLog
{
    /// <summary>Where the format is defined.</summary>
    public const string Schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

    /// <summary>The log of one run.</summary>
    /// <param name="findings">The findings, each with the path of its file, relative to the folder that the log is for; null for a text that is no file.</param>
    /// <param name="version">The version of the tool.</param>
    public static JsonObject Of(IEnumerable<(string? File, LintFinding Finding)> findings, string version)
    {
        var rules = LintRules.All;
        return new JsonObject
        {
            ["$schema"] = Schema,
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject { ["name"] = "fedflow lint", ["semanticVersion"] = version, ["rules"] = new JsonArray([.. rules.Select(Rule)]) },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = new JsonArray([.. findings.Select(found => Result(found.File, found.Finding, rules))]),
            }),
        };
    }

    private static JsonObject Rule(LintRule rule) => new()
    {
        ["id"] = rule.Id,
        ["shortDescription"] = Text(rule.Title + "."),
        ["fullDescription"] = Text(rule.Risk),
        ["help"] = Text($"{rule.Risk} {rule.Fix}"),
        ["defaultConfiguration"] = new JsonObject { ["level"] = Level(rule.Severity) },
        ["properties"] = new JsonObject
        {
            ["tags"] = new JsonArray("security"),
            // GitHub, "SARIF support for code scanning": over 9.0 is critical, 7.0 high, 4.0 medium.
            ["security-severity"] = rule.Severity switch { LintSeverity.High => "8.0", LintSeverity.Medium => "5.0", _ => "2.0" },
        },
    };

    private static JsonObject Result(string? file, LintFinding finding, IReadOnlyList<LintRule> rules)
    {
        var location = new JsonObject { ["logicalLocations"] = new JsonArray(new JsonObject { ["fullyQualifiedName"] = finding.Path }) };
        if (file is not null)
        {
            var physical = new JsonObject { ["artifactLocation"] = new JsonObject { ["uri"] = string.Join('/', file.Replace('\\', '/').Split('/').Select(Uri.EscapeDataString)) } };
            if (finding is { Line: { } line, Column: { } column })
            {
                physical["region"] = new JsonObject { ["startLine"] = line, ["startColumn"] = column };
            }

            location["physicalLocation"] = physical;
        }

        return new JsonObject
        {
            ["ruleId"] = finding.Rule.Id,
            ["ruleIndex"] = rules.Index().First(rule => rule.Item == finding.Rule).Index,
            ["level"] = Level(finding.Rule.Severity),
            ["message"] = Text($"{finding.Message} {finding.Rule.Risk} {finding.Fix}"),
            ["locations"] = new JsonArray(location),
            // The same finding after lines have moved.
            ["partialFingerprints"] = new JsonObject
            {
                ["findingHash/v1"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{finding.Rule.Id}\n{file}\n{finding.Path}")))[..32],
            },
        };
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static string Level(LintSeverity severity) => severity switch { LintSeverity.High => "error", LintSeverity.Medium => "warning", _ => "note" };
}
