using System.CommandLine;
using System.Reflection;
using FederationWorkflows.Federation.Lint;
using Spectre.Console;

namespace FederationWorkflows.Cli.Lint;

/// <summary><c>fedflow lint</c>: dangerous trust in policies, world files, configurations and stories.</summary>
internal static class LintCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("file") { Description = "Files, folders (their .json files, passing over what lint does not know), or - for standard input.", Arity = ArgumentArity.ZeroOrMore };
        var severity = new Option<LintSeverity>("--severity") { Description = "What counts: low, medium or high, and above.", DefaultValueFactory = _ => LintSeverity.Low };
        var ignore = new Option<string[]>("--ignore") { Description = "A rule not to look for; may be given several times.", DefaultValueFactory = _ => [] };
        var sarif = new Option<bool>("--sarif") { Description = "Print a SARIF 2.1.0 log, for CI." };
        var rules = new Option<bool>("--rules") { Description = "Show every rule with its risk and fix." };
        var json = JsonOutput.Option();
        var command = new Command("lint", "Find dangerous trust in AWS policies, Google Cloud allow policies and pool providers, world files, configurations and stories. Exit code 0 when nothing counts, 2 when something does, 1 when a file cannot be looked through.")
        {
            files, severity, ignore, sarif, rules, json,
        };
        command.SetAction((result, cancellationToken) => result.GetValue(rules)
            ? Task.FromResult(ShowRules(result.GetValue(json)))
            : RunAsync(
                result.GetValue(files) ?? [],
                result.GetValue(severity),
                result.GetValue(ignore) ?? [],
                result.GetValue(sarif) ? Print.Sarif : result.GetValue(json) ? Print.Json : Print.Text,
                cancellationToken));
        return command;
    }

    private enum Print
    {
        Text,
        Json,
        Sarif,
    }

    private static int ShowRules(bool json)
    {
        if (json)
        {
            JsonOutput.Write(new { rules = LintRules.All });
            return ExitCodes.Ok;
        }

        var table = new Table().RoundedBorder().ShowRowSeparators().AddColumn("Rule").AddColumn("Severity").AddColumn("Risk").AddColumn("Fix");
        foreach (var rule in LintRules.All)
        {
            table.AddRow(
                Markup.Escape(rule.Id),
                $"[{Colour(rule.Severity)}]{Name(rule.Severity)}[/]",
                $"[bold]{Markup.Escape(rule.Title)}.[/] {Markup.Escape(rule.Risk)}",
                Markup.Escape(rule.Fix));
        }

        Terminal.Out.Write(table);
        return ExitCodes.Ok;
    }

    private static async Task<int> RunAsync(string[] files, LintSeverity severity, string[] ignore, Print print, CancellationToken cancellationToken)
    {
        if (files.Length == 0)
        {
            throw new CommandException("Give files or folders to look through, - for standard input, or --rules.");
        }

        if (Array.Find(ignore, id => !LintRules.All.Any(rule => rule.Id == id)) is { } unknown)
        {
            throw new CommandException($"There is no rule '{unknown}'. fedflow lint --rules shows them.");
        }

        var linted = new List<LintedFile>();
        foreach (var file in files)
        {
            linted.AddRange(await LintedFile.ReadAsync(file, cancellationToken));
        }

        var findings = linted
            .SelectMany(file => file.Findings.Select(finding => (file.Name, Finding: finding)))
            .Where(found => found.Finding.Rule.Severity >= severity && !ignore.Contains(found.Finding.Rule.Id))
            .ToList();
        var problems = linted.Where(static file => file.Problem is not null).ToList();
        foreach (var file in problems)
        {
            await Console.Error.WriteLineAsync($"{file.Name}{(file.Problem!.StartsWith('(') ? "" : ": ")}{Terminal.Plain(file.Problem)}");
        }

        switch (print)
        {
            case Print.Sarif:
                var version = typeof(LintCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
                JsonOutput.Write(SarifLog.Of(findings.Select(static found => (found.Name == LintedFile.StandardInput ? null : found.Name, found.Finding)), version));
                break;
            case Print.Json:
                JsonOutput.Write(new
                {
                    files = linted.Where(static file => file.Kind is not null).Select(static file => new { file = file.Name, kind = file.Kind }),
                    findings = findings.Select(static found => new
                    {
                        file = found.Name, rule = found.Finding.Rule.Id, severity = found.Finding.Rule.Severity, path = found.Finding.Path, line = found.Finding.Line,
                        column = found.Finding.Column, message = found.Finding.Message, risk = found.Finding.Rule.Risk, fix = found.Finding.Fix,
                    }),
                    problems = problems.Select(static file => new { file = file.Name, problem = file.Problem }),
                });
                break;
            default:
                Show(findings, linted.Count(static file => file.Kind is not null));
                break;
        }

        return problems.Count > 0 ? ExitCodes.Failed : findings.Count > 0 ? ExitCodes.No : ExitCodes.Ok;
    }

    private static void Show(List<(string Name, LintFinding Finding)> findings, int files)
    {
        foreach (var (name, finding) in findings)
        {
            Terminal.Out.MarkupLineInterpolated($"{name}({finding.Line},{finding.Column}): [bold]{Name(finding.Rule.Severity)} {finding.Rule.Id}[/]: {Terminal.Plain(finding.Message)}");
            Terminal.Out.MarkupLineInterpolated($"    where {Terminal.Plain(finding.Path)}");
            Terminal.Out.MarkupLineInterpolated($"    risk  {finding.Rule.Risk}");
            Terminal.Out.MarkupLineInterpolated($"    fix   {Terminal.Plain(finding.Fix)}");
        }

        var counts = findings.CountBy(static found => found.Finding.Rule.Severity).OrderByDescending(static count => count.Key).Select(static count => $"{count.Value} {Name(count.Key)}");
        Terminal.Out.WriteLine($"{files} file(s), {(findings.Count == 0 ? "no findings" : $"{findings.Count} finding(s): {string.Join(", ", counts)}")}.");
    }

    private static string Name(LintSeverity severity) => severity.ToString().ToLowerInvariant();

    private static string Colour(LintSeverity severity) => severity switch { LintSeverity.High => "red", LintSeverity.Medium => "yellow", _ => "grey" };
}
