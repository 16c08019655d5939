using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Storage.PostgreSql.Tests;

/// <summary>The server counts how often a table was read from end to end; where it is told to avoid that, it does it only when no index helps.</summary>
public sealed class QueryPlanTests(PostgreSqlServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_on_the_way_of_a_run_reads_a_table_from_end_to_end()
    {
        var options = server.NewOptions();
        options = options with { ConnectionString = options.ConnectionString + ";Options=-c enable_seqscan=off" };
        await ReadTablesAsync(options, services => services.GetRequiredService<IRunStore>().FindAsync("r", Token).AsTask());
        var before = await ScansAsync(options.Schema, 0);

        await ReadTablesAsync(options, LiveARunAsync);

        // A backend counts when it ends. That it does is seen by a list that no index helps.
        var after = await ScansAsync(options.Schema, inserted: 18);
        foreach (var (table, scans) in after)
        {
            scans.ShouldBe(before[table], table);
        }

        await ReadTablesAsync(options, services => services.GetRequiredService<IRunStore>().ListAsync(new() { HasIncidents = true }, Token).AsTask());
        while ((await ScansAsync(options.Schema, inserted: 18))["runs"] == before["runs"])
        {
            Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task LiveARunAsync(IServiceProvider services)
    {
        var runs = services.GetRequiredService<IRunStore>();
        var lease = new Lease("me", 1, Noon);
        var schedules = services.GetRequiredService<IScheduleStore>();
        var definitions = services.GetRequiredService<IDefinitionStore>();
        await definitions.SaveAsync(
            new StoredDefinition { Id = "a:1", DefinitionId = "a", Version = 1, Revision = "r", Json = "{}"u8.ToArray(), IsLatest = true, IsPublished = true, CreatedAt = Noon, CreatedBy = "ann" },
            Token);
        await definitions.FindPublishedAsync("a", Token);
        await definitions.FindLatestAsync("a", Token);
        await definitions.FindByRevisionAsync("a", "r", Token);
        await definitions.FindVersionAsync("a:1", Token);
        await definitions.GetPublishedAsync(Token);
        await schedules.ReplaceSchedulesAsync("a", [new("s", "a", "r", "timer", Noon, default)], Token);
        await schedules.GetDueSchedulesAsync(Noon, 10, Token);
        await schedules.GetNextScheduleAsync(Noon, Token);
        await runs.CommitAsync(
            Commit("r", lease) with
            {
                IsNew = true,
                State = [Part("run", "1")],
                Journal = [Line("r", 1)],
                NewBookmarks = [Bookmark("b")],
                NewTimers = [Timer("t", 1)],
                NewFollowUps = [Work("w", 1)],
                Deduplication = new("scope", "hash", Noon),
                Schedule = new("s", Noon, null),
            },
            Token);
        await runs.CommitAsync(
            Commit("r", lease) with
            {
                State = [Part("run", null), Part("other", "1")],
                Journal = [Line("r", 2)],
                RemovedBookmarks = ["b"],
                RemovedTimers = ["t"],
                RemovedFollowUps = ["w"],
            },
            Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => runs.CommitAsync(Commit($"new{i}", lease) with { IsNew = true, State = [Part("run", "1")], Journal = [Line($"new{i}", 1)] }, Token).AsTask()));
        await Should.ThrowAsync<RunExistsException>(async () => await runs.CommitAsync(Commit("r", lease) with { IsNew = true }, Token));
        await runs.FindDuplicateAsync("scope", "hash", Token);
        await runs.PruneDeduplicationAsync(10, Token);
        await runs.ReleaseAsync("r", lease, Token);
        await runs.GetAbandonedAsync(Noon, 10, Token);
        await runs.ClaimAsync("r", "they", TimeSpan.FromMinutes(1), Token);
        await runs.LoadAsync("r", Token);
        await runs.FindAsync("r", Token);
        await runs.FindBookmarksAsync("Event", "hash", Token);
        await runs.FindBookmarksAsync("Event", null, Token);
        await runs.GetDueTimersAsync(Noon, 10, Token);
        await runs.GetNextTimerAsync(Noon, Token);
        await runs.GetJournalAsync("r", new(), Token);
        await runs.GetExecutionsAsync("r", null, Token);
        await services.GetRequiredService<IFollowUpStore>().GetFollowUpsAsync(10, null, Token);
        await services.GetRequiredService<INodeStore>().HeartbeatAsync(new("they", "1", Noon, default, false), Token);
        await services.GetRequiredService<INodeStore>().BuryAsync("they", Noon, Token);
        await runs.ListAsync(new() { CountTotal = false, After = new(Noon, "r") }, Token);
        await runs.ListAsync(new() { CountTotal = false, After = new(Noon, "r"), OrderBy = RunOrder.Updated, Ascending = true }, Token);
        await runs.ListAsync(new() { CountTotal = false, DefinitionIds = ["story"] }, Token);
        await runs.PruneAsync(new() { MaxAge = TimeSpan.Zero, MaxPerDefinition = 1 }, 10, Token);
        await runs.DeleteAsync(["r", .. Enumerable.Range(0, 8).Select(i => $"new{i}")], Token);
    }

    private static async Task ReadTablesAsync(PostgreSqlStorageOptions options, Func<IServiceProvider, Task> work)
    {
        await using var services = new ServiceCollection().AddLogging().AddPostgreSqlStorage(options).BuildServiceProvider();
        await work(services);
    }

    /// <summary>How often each table was read from end to end, once so many runs were counted as inserted.</summary>
    private async Task<Dictionary<string, long>> ScansAsync(string schema, long inserted)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        while (true)
        {
            Token.ThrowIfCancellationRequested();
            var scans = new Dictionary<string, long>();
            var counted = 0L;
            await using (var command = new NpgsqlCommand("SELECT relname, seq_scan, n_tup_ins, n_tup_del FROM pg_stat_user_tables WHERE schemaname = $1", connection))
            {
                command.Parameters.Add(new NpgsqlParameter { Value = schema });
                await using var rows = await command.ExecuteReaderAsync(Token);
                while (await rows.ReadAsync(Token))
                {
                    scans.Add(rows.GetString(0), rows.GetInt64(1));
                    counted += rows.GetString(0) == "runs" ? rows.GetInt64(2) + rows.GetInt64(3) : 0;
                }
            }

            if (counted >= inserted && scans.Count > 0)
            {
                scans.Remove("schema_version");
                return scans;
            }
        }
    }
}
