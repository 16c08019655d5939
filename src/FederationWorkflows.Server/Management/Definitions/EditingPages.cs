using System.Collections.Concurrent;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>
/// Which page of the designer saved a story last. The designer saves again without waiting for the answer to the saving before, so that what
/// comes next is based on what the page itself has changed meanwhile, and not somebody else. It is forgotten with the process, and after many
/// stories: then such a save is refused as a conflict, and nothing is lost.
/// </summary>
internal sealed class EditingPages
{
    /// <summary>The header by which our script tells the pages of the designer apart.</summary>
    public const string Header = "X-Editor-Page";

    private const int MaxStories = 10_000;

    private const int MaxLength = 64;

    private readonly ConcurrentDictionary<string, (string Page, string Revision)> last = new();

    public static string? PageOf(HttpRequest request) => request.Headers[Header].ToString() is { Length: > 0 and <= MaxLength } page ? page : null;

    /// <summary>What a save of a page is really based on: on what that page saved last, if nobody else did since.</summary>
    public string? BasedOn(string definitionId, string? page, string? said) =>
        page is not null && said is not null && last.TryGetValue(definitionId, out var own) && own.Page == page ? own.Revision : said;

    public void Saved(string definitionId, string? page, string revision)
    {
        if (page is null)
        {
            last.TryRemove(definitionId, out _);
            return;
        }

        if (last.Count >= MaxStories)
        {
            last.Clear();
        }

        last[definitionId] = (page, revision);
    }
}
