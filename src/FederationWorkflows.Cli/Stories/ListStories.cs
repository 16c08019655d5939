using System.CommandLine;
using System.Globalization;
using FederationWorkflows.Cli.Runs;
using Spectre.Console;

namespace FederationWorkflows.Cli.Stories;

/// <summary><c>fedflow stories list</c>.</summary>
internal static class ListStories
{
    private const int PageSize = 1000;

    public static Command Create()
    {
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("list", "Show stories, by name.") { server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            var stories = await ReadAsync(connection, cancellationToken);
            if (result.GetValue(json))
            {
                JsonOutput.Write(new { stories });
            }
            else if (stories.Count == 0)
            {
                await Console.Out.WriteLineAsync("No stories.");
            }
            else
            {
                Print(stories);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    public static async Task<IReadOnlyList<Row>> ReadAsync(ServerConnection connection, CancellationToken cancellationToken)
    {
        var versions = new List<Summary>();
        for (var number = 0; ; number++)
        {
            var page = ServerConnection.Read<VersionPage>(await connection.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"elsa/api/workflow-definitions?versionOptions=LatestOrPublished&orderBy=Name&page={number}&pageSize={PageSize}"), cancellationToken));
            versions.AddRange(page.Items);
            if (page.Items.Count < PageSize)
            {
                break;
            }
        }

        return
        [
            .. versions.GroupBy(version => version.DefinitionId, StringComparer.Ordinal)
                .Select(story => (Latest: story.MaxBy(version => version.Version)!, Published: story.FirstOrDefault(version => version.IsPublished)))
                .Select(story => new Row(story.Latest.DefinitionId, story.Latest.Name, story.Published?.Version, story.Latest.Version, story.Latest.CreatedAt)),
        ];
    }

    private static void Print(IReadOnlyList<Row> stories)
    {
        var table = new Table().RoundedBorder().AddColumn("Story").AddColumn("Name").AddColumn(new TableColumn("Published").RightAligned()).AddColumn(new TableColumn("Latest").RightAligned()).AddColumn("Changed (UTC)");
        foreach (var story in stories)
        {
            table.AddRow(
                Markup.Escape(Terminal.Plain(story.Id)),
                Markup.Escape(Terminal.Plain(story.Name)),
                story.Published?.ToString(CultureInfo.InvariantCulture) ?? "-",
                story.Latest.ToString(CultureInfo.InvariantCulture),
                story.ChangedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        }

        Terminal.Out.Write(table);
    }

    /// <summary>A story in the list.</summary>
    /// <param name="Id">Its definitionId.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Published">The number of the published version; null when none is.</param>
    /// <param name="Latest">The number of the latest version.</param>
    /// <param name="ChangedAt">When that version began.</param>
    internal sealed record Row(string Id, string Name, int? Published, int Latest, DateTimeOffset ChangedAt);

    private sealed record VersionPage(IReadOnlyList<Summary> Items);

    private sealed record Summary(string DefinitionId, string Name, int Version, bool IsPublished, DateTimeOffset CreatedAt);
}
