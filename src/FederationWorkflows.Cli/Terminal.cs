using Spectre.Console;

namespace FederationWorkflows.Cli;

/// <summary>Standard output for people: colours and live tables in a terminal, plain unbroken lines in a file or pipe.</summary>
internal static class Terminal
{
    private const int UnbrokenWidth = 1_000_000;

    public static IAnsiConsole Out { get; } = Create();

    /// <summary>Text from anywhere, on one line: it must not steer the terminal.</summary>
    public static string Plain(string? text) => text is null ? "" : string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = UnbrokenWidth;
        return console;
    }
}
