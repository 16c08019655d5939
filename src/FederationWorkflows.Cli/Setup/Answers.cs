using System.CommandLine;
using Spectre.Console;

namespace FederationWorkflows.Cli.Setup;

/// <summary>What a command needs to know, from its options, or asked of the person at the terminal.</summary>
internal sealed class Answers(ParseResult result, IAnsiConsole console)
{
    private readonly List<string> missing = [];

    private bool MayAsk => console.Profile.Capabilities.Interactive && !Console.IsInputRedirected && !Console.IsOutputRedirected;

    /// <summary>A value that must be there: the option's, or asked for.</summary>
    public string Need(Option<string?> option, string? proposal = null)
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

        var prompt = new TextPrompt<string>($"[bold]{Markup.Escape(option.Name)}[/] {Markup.Escape(option.Description!)}\n>");
        return console.Prompt(proposal is null ? prompt : prompt.DefaultValue(proposal)).Trim();
    }

    /// <summary>A value that may be left out.</summary>
    public string? Optional(Option<string?> option)
    {
        if (result.GetValue(option) is { } given)
        {
            return given.Trim();
        }

        return MayAsk ? console.Prompt(new TextPrompt<string>($"[bold]{Markup.Escape(option.Name)}[/] {Markup.Escape(option.Description!)}\n>").AllowEmpty()).Trim() is { Length: > 0 } text ? text : null : null;
    }

    /// <summary>Ends the command when something was needed and nobody could be asked.</summary>
    /// <exception cref="CommandException">Naming every option that is missing.</exception>
    public void RequireAll()
    {
        if (missing.Count > 0)
        {
            throw new CommandException($"Give {string.Join(", ", missing)}; in a terminal this command asks for them.");
        }
    }
}
