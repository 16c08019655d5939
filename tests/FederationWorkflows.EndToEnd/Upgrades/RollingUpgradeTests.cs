using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Storage.PostgreSql.Tests;

namespace FederationWorkflows.EndToEnd.Upgrades;

/// <summary>Servers of two versions share a database, as during an upgrade without a pause.</summary>
public sealed class RollingUpgradeTests(PostgreSqlServer postgreSql, ITestOutputHelper output)
{
    /// <summary>The program of the version from before the schema last changed; <c>./test.sh --long</c> builds it from the history.</summary>
    private static readonly string? Older = Environment.GetEnvironmentVariable("FEDERATIONWORKFLOWS_OLDER_SERVER");

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)] // It takes a build of the older version: ./test.sh --long runs it.
    public async Task Nodes_of_the_version_before_work_beside_new_ones_until_the_last_of_them_is_gone()
    {
        Older.ShouldNotBeNull("FEDERATIONWORKFLOWS_OLDER_SERVER names no older server; ./test.sh --long builds one");
        await using var deployment = Deployment.OnPostgreSql(postgreSql);
        await using var recorder = await EffectRecorder.StartAsync(1);
        deployment.AddEventStory(recorder.Address);
        ServerProcess[] servers = [];
        try
        {
            await StartAsync(Older);
            await StartAsync(Older);
            await using var feed = new EventFeed(() => [.. servers.Select(server => server.Address).OfType<Uri>()], senders: 3, TimeSpan.FromMilliseconds(30));
            await feed.PassAsync(40, Patience, Cancellation);

            // The schema is added to under the older ones. They go on, and one of them is started again.
            await StartAsync(null);
            await feed.PassAsync(60, Patience, Cancellation);
            await servers[0].KillAsync();
            await StartAsync(Older);
            await feed.PassAsync(60, Patience, Cancellation);

            // What the older ones have in hand is taken over by the newer one, the other way round as well.
            await servers[2].KillAsync();
            await feed.PassAsync(40, Patience, Cancellation);
            await StartAsync(null);
            await servers[1].KillAsync();
            await servers[3].KillAsync();
            await feed.PassAsync(40, Patience, Cancellation);
            await feed.StopAsync();

            var runs = await deployment.AtRestAsync(Cancellation);
            var accepted = feed.Deliveries.Where(delivery => delivery.IsAccepted).ToArray();
            output.WriteLine($"{feed.Deliveries.Count} events, {accepted.Length} accepted, {runs.Count} runs.");
            accepted.Length.ShouldBeGreaterThan(200);
            accepted.Select(delivery => delivery.RunId).Except(runs.Select(run => run.Identity.Id)).ShouldBeEmpty("every event that was acknowledged has its run");
            feed.Deliveries.Where(delivery => delivery is { IsAccepted: false, Status: not null }).ShouldBeEmpty("servers of both versions take events all the time");
            runs.Where(run => run.SubStatus != WorkflowSubStatus.Finished).Select(run => $"{run.Identity.Id} {run.SubStatus}").ShouldBeEmpty("every run comes to its end");
            recorder.Attempts.GroupBy(attempt => (attempt.Step, attempt.Body)).Where(step => step.Select(attempt => attempt.Key).Distinct().Count() != 1)
                .ShouldBeEmpty("a step that was begun under one version and repeated under the other carries the same key");
            foreach (var server in servers)
            {
                server.Log.Split('\n').Where(line => line.Contains("\"Level\":\"Error\"", StringComparison.Ordinal) || line.Contains("\"Level\":\"Fatal\"", StringComparison.Ordinal)).ShouldBeEmpty();
            }
        }
        finally
        {
            foreach (var server in servers)
            {
                server.Dispose();
            }
        }

        async Task StartAsync(string? program)
        {
            var server = deployment.Start(program);
            servers = [.. servers, server];
            await server.Listening.WaitAsync(Patience, Cancellation);
        }
    }
}
