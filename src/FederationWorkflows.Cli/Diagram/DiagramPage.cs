using System.Text;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Cli.Diagram;

/// <summary>A Markdown page with diagrams of story files: what stands between two comments is drawn from the file that the first one names.</summary>
internal static partial class DiagramPage
{
    /// <summary>The page with every diagram drawn anew.</summary>
    /// <param name="page">The page as it is.</param>
    /// <param name="draw">The diagram of a file, named as the page names it.</param>
    /// <exception cref="CommandException">It has no place for a diagram.</exception>
    public static async Task<string> RedrawnAsync(string page, Func<string, Task<string>> draw)
    {
        var redrawn = new StringBuilder();
        var end = 0;
        foreach (Match place in Place().Matches(page))
        {
            redrawn.Append(page, end, place.Index - end)
                .Append(place.Groups["begin"].Value).Append("\n```mermaid\n").Append(await draw(place.Groups["file"].Value)).Append("```\n").Append(place.Groups["end"].Value);
            end = place.Index + place.Length;
        }

        return end > 0
            ? redrawn.Append(page, end, page.Length - end).ToString()
            : throw new CommandException("The page has no place for a diagram. Put the lines '<!-- diagram story.json -->' and '<!-- end of diagram -->' where one should be.");
    }

    [GeneratedRegex("(?<begin><!-- diagram (?<file>[^\\r\\n]+?) -->).*?(?<end><!-- end of diagram -->)", RegexOptions.Singleline)]
    private static partial Regex Place();
}
