using System.CommandLine;
using System.Globalization;
using FederationWorkflows.Cli.Runs;
using Spectre.Console;

namespace FederationWorkflows.Cli.Audit;

/// <summary><c>fedflow audit</c>: who did what at a server.</summary>
internal static class AuditCommand
{
    public static Command Create() => new("audit", "See who did what at a server. Needs the permission audit:read.") { List() };

    private static Command List()
    {
        var actor = new Option<string?>("--actor") { Description = "By this user only." };
        var action = new Option<string?>("--action") { Description = "This action only, e.g. story.publish; all of a kind when it ends with a dot, e.g. story." };
        var subject = new Option<string?>("--subject") { Description = "On this only: the id of a story, the name of a user." };
        var since = new Option<string?>("--since") { Description = "Since then: 30m, 24h, 7d, or a time such as 2026-01-31T12:00Z." };
        var limit = new Option<int>("--limit") { Description = "How many at most, 1 to 1000.", DefaultValueFactory = _ => 50 };
        var before = new Option<long?>("--before") { Description = "Go on after the page that ended with this number." };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("list", "Show entries, newest first.") { actor, action, subject, since, limit, before, server, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            (string Name, string? Value)[] query =
            [
                ("actor", result.GetValue(actor)),
                ("action", result.GetValue(action)),
                ("subject", result.GetValue(subject)),
                ("from", result.GetValue(since) is { } text ? ListRuns.Since(text).ToString("O", CultureInfo.InvariantCulture) : null),
                ("limit", result.GetValue(limit).ToString(CultureInfo.InvariantCulture)),
                ("before", result.GetValue(before)?.ToString(CultureInfo.InvariantCulture)),
            ];
            using var connection = ServerConnection.Open(result.GetValue(server));
            var parameters = string.Join('&', query.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
            var answer = await connection.GetAsync($"api/audit?{parameters}", cancellationToken);
            if (result.GetValue(json))
            {
                JsonOutput.Write(answer);
            }
            else
            {
                Print(ServerConnection.Read<AuditEntries>(answer));
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Print(AuditEntries page)
    {
        if (page.Items.Count == 0)
        {
            Console.Out.WriteLine("No entries.");
            return;
        }

        var table = new Table().RoundedBorder().AddColumn("When (UTC)").AddColumn("Who").AddColumn("Signed in by").AddColumn("From").AddColumn("Did what").AddColumn("To what").AddColumn("");
        foreach (var entry in page.Items)
        {
            table.AddRow(
                entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                Markup.Escape(Terminal.Plain(entry.Actor)),
                Markup.Escape(Terminal.Plain(entry.SignedInBy)),
                Markup.Escape(Terminal.Plain(entry.Address)),
                Markup.Escape(Terminal.Plain(entry.Action)),
                Markup.Escape(Terminal.Plain(entry.Subject)),
                entry.Succeeded ? "" : "[red]refused[/]");
        }

        Terminal.Out.Write(table);
        if (page.Next is { } next)
        {
            Console.Out.WriteLine($"There are more: --before {next}");
        }
    }

    private sealed record AuditEntries(IReadOnlyList<Entry> Items, long? Next);

    private sealed record Entry(DateTimeOffset At, string Actor, string SignedInBy, string? Address, string Action, string Subject, bool Succeeded);
}
