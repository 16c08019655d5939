using System.Diagnostics;
using System.Globalization;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Storage;
using FederationWorkflows.Storage.PostgreSql.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Benchmarks.Timers;

/// <summary>
/// <c>timers</c>: what it costs that a run waits for a time, on PostgreSQL. Our rows are stored in the commit that the run needs in any case; what
/// is beside them is Quartz with its clustered store, which would be called after that commit. All on one machine, one after the other.
/// </summary>
internal static class TimerRun
{
    private const int Waits = 20_000;

    /// <summary>Runs that commit at the same time.</summary>
    private const int Writers = 128;

    public static async Task<int> RunAsync()
    {
        await using var server = new PostgreSqlServer { IsDurable = true };
        await server.InitializeAsync();
        var collection = new ServiceCollection().AddLogging();
        await server.RegisterAsync(collection);
        await using var services = collection.BuildServiceProvider();
        var store = services.GetRequiredService<IRunStore>();
        await using var quartz = await QuartzCluster.StartAsync(server.ConnectionString);

        Console.WriteLine($"| {"",-70} | {"a second",9} | {"µs each",8} |");
        Console.WriteLine($"|:{new string('-', 71)}|{new string('-', 10)}:|{new string('-', 9)}:|");
        await MeasureAsync("warm-up: runs that wait for an event", id => CommitAsync(store, "warm" + id, isTimed: false));
        await MeasureAsync("a run that waits for an event is committed", id => CommitAsync(store, "event" + id, isTimed: false));
        await MeasureAsync("a run that waits for a time is committed, timer included", id => CommitAsync(store, "time" + id, isTimed: true));
        await MeasureAsync("Quartz, clustered: a trigger is stored, beside the run's commit", id => quartz.ScheduleAsync(id, Rows.Noon.AddYears(50)));
        await FireAsync(store);
        Write("Quartz, clustered: a trigger that is due fires a job that does nothing", await quartz.FireAsync(Waits));
        return 0;
    }

    private static async Task CommitAsync(IRunStore store, string id, bool isTimed)
    {
        var lease = new Lease("bench", 1, Rows.Noon.AddMinutes(1));
        await store.CommitAsync(
            Rows.Commit(id, lease, WorkflowSubStatus.Suspended) with
            {
                IsNew = true,
                ReleasesLease = true,
                NewBookmarks = isTimed ? [] : [Rows.Bookmark(id)],
                NewTimers = isTimed ? [Rows.Timer("wait", 1)] : [],
            },
            CancellationToken.None);
    }

    /// <summary>What a node does about timers that are due: it reads them, takes the run's lease, and removes the timer in the run's next commit.</summary>
    private static async Task FireAsync(IRunStore store)
    {
        var watch = Stopwatch.StartNew();
        var fired = 0;
        while (await store.GetDueTimersAsync(Rows.Noon.AddMinutes(1), 512, CancellationToken.None) is { Count: > 0 } due)
        {
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (timer, cancellationToken) =>
            {
                var lease = await store.ClaimAsync(timer.RunId, "bench", TimeSpan.FromMinutes(1), cancellationToken)
                    ?? throw new InvalidOperationException($"Nobody else has the run {timer.RunId}.");
                await store.CommitAsync(Rows.Commit(timer.RunId, lease, WorkflowSubStatus.Finished) with { ReleasesLease = true, RemovedTimers = [timer.Timer.Id] }, cancellationToken);
            });
            fired += due.Count;
        }

        Write("a timer that is due is read, its run claimed and committed", fired == Waits ? watch.Elapsed : throw new InvalidOperationException($"{fired} of {Waits} timers were due."));
    }

    private static async Task MeasureAsync(string name, Func<string, Task> wait)
    {
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, Waits, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (i, _) => await wait(i.ToString(CultureInfo.InvariantCulture)));
        Write(name, watch.Elapsed);
    }

    private static void Write(string name, TimeSpan took) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name,-70} | {Waits / took.TotalSeconds,9:N0} | {took.TotalMicroseconds / Waits,8:N0} |"));
}
