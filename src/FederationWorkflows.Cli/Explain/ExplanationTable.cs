using FederationWorkflows.Federation.Trust;
using Spectre.Console;

namespace FederationWorkflows.Cli.Explain;

/// <summary>Shows an explanation to a person: a table in a terminal, plain rows in a file or pipe.</summary>
internal static class ExplanationTable
{
    public static void Write(Explained explained)
    {
        var explanation = explained.Explanation;
        if (Title(explained) is { Length: > 0 } title)
        {
            Terminal.Out.MarkupLineInterpolated($"{title}");
        }

        var table = new Table().RoundedBorder().AddColumn("").AddColumn("Where").AddColumn("Condition").AddColumn("Reads").AddColumn("Expected").AddColumn("Found").AddColumn("How to mend it");
        foreach (var check in explanation.Checks)
        {
            var colour = check.Verdict switch { TrustVerdict.Holds => "green", TrustVerdict.Fails when check.Decides => "red", TrustVerdict.Fails => "grey", _ => "yellow" };
            table.AddRow(
                $"[{colour}]{Mark(check.Verdict)}[/]", Cell(check.Where), Cell(check.Condition), Cell(check.Claim), Cell(check.Expected), Cell(check.Found), Cell(check.Mend));
        }

        Terminal.Out.Write(table);
        Terminal.Out.MarkupLineInterpolated($"[bold]{Terminal.Plain(explanation.Summary)}[/]");
    }

    private static string Title(Explained explained) => string.Join(": ", new[] { explained.Activity, explained.RoleArn ?? explained.Provider }.OfType<string>().Select(Terminal.Plain));

    private static string Cell(string? text) => Markup.Escape(Terminal.Plain(text));

    private static string Mark(TrustVerdict verdict) => verdict switch { TrustVerdict.Holds => "✓", TrustVerdict.Fails => "✗", _ => "?" };
}
