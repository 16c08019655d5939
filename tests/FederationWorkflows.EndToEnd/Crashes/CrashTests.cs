using System.Diagnostics;
using System.Globalization;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Storage.PostgreSql.Tests;

namespace FederationWorkflows.EndToEnd.Crashes;

/// <summary>Servers are killed while events come in. What they acknowledged is done in the end, and what they did outside can be told from doing it twice.</summary>
public sealed class CrashTests(PostgreSqlServer postgreSql, ITestOutputHelper output)
{
    /// <summary>How long after an attempt its outcome is on disk at the latest, on a machine with much else to do.</summary>
    private static readonly TimeSpan CommitTime = TimeSpan.FromSeconds(10);

    /// <summary>Several servers start at once, and again and again, beside whatever else the machine does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Set by <c>./test.sh --long</c>.</summary>
    private static readonly int Kills = Environment.GetEnvironmentVariable("FEDERATIONWORKFLOWS_LONG_TESTS") == "1" ? 50 : 5;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_on_SQLite_that_is_killed_again_and_again_loses_no_event()
    {
        await using var deployment = Deployment.OnSqlite();
        await ProveAsync(deployment, nodes: 1);
    }

    [Fact]
    public async Task Three_nodes_on_PostgreSQL_of_which_one_after_the_other_is_killed_lose_no_event()
    {
        await using var deployment = Deployment.OnPostgreSql(postgreSql);
        await ProveAsync(deployment, nodes: 3);
    }

    private async Task ProveAsync(Deployment deployment, int nodes)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FEDERATIONWORKFLOWS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next(1_000_000);
        output.WriteLine($"Seed {seed}: set FEDERATIONWORKFLOWS_SEED to it for the same kills.");
        var random = new Random(seed);
        await using var recorder = await EffectRecorder.StartAsync(seed);
        deployment.AddEventStory(recorder.Address);
        var servers = new ServerProcess[nodes];
        var ended = new List<ServerProcess>();
        var kills = new List<DateTimeOffset>();
        try
        {
            for (var node = 0; node < nodes; node++)
            {
                servers[node] = deployment.Start();
            }

            await Task.WhenAll(servers.Select(server => server.Listening)).WaitAsync(Patience, Cancellation);
            await using var feed = new EventFeed(() => [.. servers.Select(server => server.Address).OfType<Uri>()], senders: 2, TimeSpan.FromMilliseconds(40));
            for (var kill = 0; kill < Kills; kill++)
            {
                var node = random.Next(nodes);

                // One in five dies while it starts, the others while they work: how soon they do depends on the machine.
                if (random.Next(5) > 0)
                {
                    await servers[node].Listening.WaitAsync(Patience, Cancellation);
                    await feed.PassAsync(random.Next(1, 100), Patience, Cancellation);
                    await Task.Delay(random.Next(50), Cancellation);
                }
                else
                {
                    await Task.Delay(random.Next(200, 2_500), Cancellation);
                }

                var victim = servers[node];
                ended.Add(victim);
                await victim.KillAsync();
                kills.Add(DateTimeOffset.UtcNow);
                servers[node] = deployment.Start();
            }

            await Task.WhenAll(servers.Select(server => server.Listening)).WaitAsync(Patience, Cancellation);
            await feed.StopAsync();
            var clock = Stopwatch.StartNew();
            var runs = await deployment.AtRestAsync(Cancellation);
            output.WriteLine($"{kills.Count} kills, {feed.Deliveries.Count} events, {feed.Deliveries.Count(delivery => delivery.IsAccepted)} accepted, {runs.Count} runs, "
                + $"{recorder.Attempts.Count} attempts outside; all at rest {clock.Elapsed.TotalSeconds:0.0} s after the last event.");
            Check(feed.Deliveries, runs, recorder.Attempts, kills);
        }
        catch
        {
            foreach (var server in ended.Concat(servers).Where(server => server is not null))
            {
                output.WriteLine(string.Join('\n', server.Log.Split('\n').Where(line => !line.Contains("\"Level\":\"Information\"", StringComparison.Ordinal)).Take(20)));
            }

            throw;
        }
        finally
        {
            foreach (var server in ended.Concat(servers).Where(server => server is not null))
            {
                server.Dispose();
            }
        }
    }

    private static void Check(IReadOnlyList<Delivery> deliveries, IReadOnlyList<RunSummary> runs, IReadOnlyList<Attempt> attempts, IReadOnlyList<DateTimeOffset> kills)
    {
        var accepted = deliveries.Where(delivery => delivery.IsAccepted).ToArray();
        accepted.Length.ShouldBeGreaterThan(Kills, "events must have come through");
        accepted.Select(delivery => delivery.RunId).Except(runs.Select(run => run.Identity.Id)).ShouldBeEmpty("every event that was acknowledged has its run");
        deliveries.Where(delivery => delivery is { IsAccepted: false, Status: not null }).ShouldBeEmpty("a server that listens takes events");
        runs.Where(run => run.SubStatus != WorkflowSubStatus.Finished).Select(run => $"{run.Identity.Id} {run.SubStatus} since {run.UpdatedAt:O}").ShouldBeEmpty("every run comes to its end");

        var steps = attempts.GroupBy(attempt => (attempt.Step, attempt.Body)).ToArray();
        steps.Select(step => step.Key).ShouldBeSubsetOf(from step in new[] { "first", "second" } from delivery in deliveries select (step, Body(delivery.Event)));
        (from step in new[] { "first", "second" } from delivery in accepted select (step, Body(delivery.Event))).Except(steps.Select(step => step.Key)).ShouldBeEmpty("every step was taken");
        steps.Length.ShouldBe(2 * runs.Count);
        steps.Where(step => step.Select(attempt => attempt.Key).Distinct().Count() != 1).ShouldBeEmpty("a repeated attempt carries the key of the first");
        steps.Select(step => step.First().Key).ShouldBeUnique();
        foreach (var (before, after) in steps.Select(step => step.OrderBy(attempt => attempt.At).ToArray()).SelectMany(step => step.Zip(step.Skip(1))))
        {
            kills.ShouldContain(kill => before.At <= kill && kill <= after.At && kill - before.At < CommitTime, $"{before} was repeated at {after.At:O} without a kill in between");
        }
    }

    private static string Body(string id) => $$"""{"event":"{{id}}"}""";
}
