using System.CommandLine;
using FederationWorkflows.Federation.Setup;
using Spectre.Console;

namespace FederationWorkflows.Cli.Setup;

/// <summary>What a command needs to know, from its options, or asked of the person at the terminal, who is asked again when an answer cannot be.</summary>
internal sealed class Answers(ParseResult result, IAnsiConsole console)
{
    private readonly List<string> missing = [];

    private bool MayAsk => console.Profile.Capabilities.Interactive && !Console.IsInputRedirected && !Console.IsOutputRedirected;

    /// <summary>A value that must be there: the option's, or asked for.</summary>
    /// <param name="option">The option.</param>
    /// <param name="rule">What is wrong with a value, by the name of the option; null when nothing is.</param>
    /// <param name="proposal">What it is when nothing is said; null for nothing.</param>
    public string Need(Option<string?> option, Func<string, string, SetupProblem?> rule, string? proposal = null)
    {
        if (result.GetValue(option) is { } given)
        {
            return given.Trim();
        }

        if (!MayAsk)
        {
            if (proposal is null)
            {
                missing.Add(option.Name);
            }

            return proposal ?? "";
        }

        var prompt = Prompt(option, text => rule(option.Name, text));
        return console.Prompt(proposal is null ? prompt : prompt.DefaultValue(proposal)).Trim();
    }

    /// <summary>Values separated by commas, which may be left out.</summary>
    /// <param name="option">The option.</param>
    /// <param name="rule">What is wrong with one of them, by the name of the option; null when nothing is.</param>
    public IReadOnlyList<string> Several(Option<string?> option, Func<string, string, SetupProblem?> rule) =>
        result.GetValue(option) is { } given ? Parts(given)
        : MayAsk ? Parts(console.Prompt(Prompt(option, text => Parts(text).Select(part => rule(option.Name, part)).FirstOrDefault(problem => problem is not null)).AllowEmpty()))
        : [];

    /// <summary>Ends the command when something was needed and nobody could be asked.</summary>
    /// <exception cref="CommandException">Naming every option that is missing.</exception>
    public void RequireAll()
    {
        if (missing.Count > 0)
        {
            throw new CommandException($"Give {string.Join(", ", missing)}; in a terminal this command asks for them.");
        }
    }

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static TextPrompt<string> Prompt(Option<string?> option, Func<string, SetupProblem?> problem) =>
        new TextPrompt<string>($"[bold]{Markup.Escape(option.Name)}[/] {Markup.Escape(option.Description!)}\n>")
            .Validate(text => problem(text.Trim()) is { } wrong ? ValidationResult.Error($"[red]{Markup.Escape(wrong.Problem)}[/]") : ValidationResult.Success());
}
