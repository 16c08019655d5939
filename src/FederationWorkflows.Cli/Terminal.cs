using Spectre.Console;

namespace FederationWorkflows.Cli;

/// <summary>Standard output for people: colours and live tables in a terminal, plain unbroken lines in a file or pipe.</summary>
internal static class Terminal
{
    private const int UnbrokenWidth = 1_000_000;

    public static IAnsiConsole Out { get; } = Create();

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
