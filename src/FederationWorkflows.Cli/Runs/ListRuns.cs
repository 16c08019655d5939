using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace FederationWorkflows.Cli.Runs;

/// <summary><c>fedflow runs list</c>.</summary>
internal static class ListRuns
{
    private static readonly string[] SubStatuses = ["Pending", "Executing", "Suspended", "Finished", "Cancelled", "Faulted"];

    public static Command Create()
    {
        var story = new Option<string?>("--story") { Description = "Of this story only, by its definitionId." };
        var status = new Option<string[]>("--status") { Description = $"With this status only: {string.Join(", ", SubStatuses)}, or Running for all that have not ended; may be given several times.", DefaultValueFactory = _ => [] };
        var correlation = new Option<string?>("--correlation") { Description = "With this correlation id only." };
        var search = new Option<string?>("--search") { Description = "With this text in their name or id." };
        var since = new Option<string?>("--since") { Description = "Begun since then: 30m, 24h, 7d, or a time such as 2026-01-31T12:00Z." };
        var incidents = new Option<bool>("--incidents") { Description = "With incidents only." };
        var limit = new Option<int>("--limit") { Description = "How many at most, 1 to 1000.", DefaultValueFactory = _ => 50 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on after the page that ended with this cursor." };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("list", "Show runs, newest first.") { story, status, correlation, search, since, incidents, limit, cursor, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            var query = new List<(string Name, string? Value)>
            {
                ("definitionId", result.GetValue(story)),
                ("correlationId", result.GetValue(correlation)),
                ("search", result.GetValue(search)),
                ("hasIncidents", result.GetValue(incidents) ? "true" : null),
                ("from", result.GetValue(since) is { } text ? Since(text).ToString("O", CultureInfo.InvariantCulture) : null),
                ("limit", result.GetValue(limit).ToString(CultureInfo.InvariantCulture)),
                ("cursor", result.GetValue(cursor)),
            };
            query.AddRange((result.GetValue(status) ?? []).Select(Status));
            return await RunAsync(result.GetValue(server), query, result.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(string? server, List<(string Name, string? Value)> query, bool json, CancellationToken cancellationToken)
    {
        using var connection = ServerConnection.Open(server);
        var parameters = string.Join('&', query.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        var answer = await connection.GetAsync($"api/runs?{parameters}", cancellationToken);
        if (json)
        {
            JsonOutput.Write(answer);
            return ExitCodes.Ok;
        }

        var page = ServerConnection.Read<RunPage>(answer);
        if (page.Items.Count == 0)
        {
            await Console.Out.WriteLineAsync("No runs.");
            return ExitCodes.Ok;
        }

        Print(page);
        if (page.Next is not null)
        {
            await Console.Out.WriteLineAsync($"There are more: --cursor {page.Next}");
        }

        return ExitCodes.Ok;
    }

    private static void Print(RunPage page)
    {
        var table = new Table().RoundedBorder().AddColumn("Run").AddColumn("Story").AddColumn("Status").AddColumn("Begun (UTC)").AddColumn(new TableColumn("Incidents").RightAligned()).AddColumn("Name");
        foreach (var run in page.Items)
        {
            table.AddRow(
                Markup.Escape(Terminal.Plain(run.Id)),
                Markup.Escape(Terminal.Plain($"{run.DefinitionId} v{run.Version}")),
                $"[{run.Colour}]{Markup.Escape(Terminal.Plain(run.SubStatus))}[/]",
                run.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                run.IncidentCount.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(Terminal.Plain(run.Name)));
        }

        Terminal.Out.Write(table);
    }

    private static (string Name, string? Value) Status(string text) =>
        text.Equals("Running", StringComparison.OrdinalIgnoreCase) ? ("status", "Running")
        : Array.Find(SubStatuses, known => known.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } status ? ("subStatus", status)
        : throw new CommandException($"There is no status '{text}'. Use one of: Running, {string.Join(", ", SubStatuses)}.");

    /// <summary>A time ago, or a time.</summary>
    public static DateTimeOffset Since(string text)
    {
        if (text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 36_500)
        {
            TimeSpan? unit = text[^1] switch
            {
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                _ => null,
            };
            if (unit is { } one)
            {
                return DateTimeOffset.UtcNow - (one * count);
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new CommandException($"--since takes 30m, 24h, 7d, or a time such as 2026-01-31T12:00Z, not '{text}'.");
    }
}
