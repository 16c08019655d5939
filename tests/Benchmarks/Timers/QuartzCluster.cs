using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;

namespace FederationWorkflows.Benchmarks.Timers;

/// <summary>Quartz over the same database, set as one would for several nodes.</summary>
internal sealed class QuartzCluster : IAsyncDisposable
{
    private const string Waiting = "waiting";

    private const string Due = "due";

    private readonly ServiceProvider services;

    private readonly IScheduler scheduler;

    private QuartzCluster(ServiceProvider services, IScheduler scheduler)
    {
        this.services = services;
        this.scheduler = scheduler;
    }

    public static async Task<QuartzCluster> StartAsync(string connection)
    {
        var collection = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        collection.AddSingleton<Fired>();
        collection.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(options =>
            {
                options.InstanceName = "bench";
                options.InstanceId = "one";
                options.MaxBatchSize = 64;
            });
            quartz.UseDefaultThreadPool(64);
            quartz.UsePersistentStore(store =>
            {
                store.ProvisionSchema();
                store.UsePostgres(connection);
                store.UseClustering(cluster => cluster.CheckinInterval = TimeSpan.FromSeconds(2));
            });
        });
        var services = collection.BuildServiceProvider();
        var scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler();
        foreach (var name in new[] { Waiting, Due })
        {
            await scheduler.AddJob(JobBuilder.Create<FiredJob>().WithIdentity(name).StoreDurably().Build());
        }

        await scheduler.Start();
        return new QuartzCluster(services, scheduler);
    }

    /// <summary>A trigger of its own for a run, all of one job.</summary>
    public async Task ScheduleAsync(string id, DateTimeOffset at) =>
        await scheduler.ScheduleJob(TriggerBuilder.Create().WithIdentity(id).ForJob(Waiting).UsingJobData("run", id).StartAt(at).Build());

    /// <returns>From the moment at which all are due until the last was fired.</returns>
    public async Task<TimeSpan> FireAsync(int count)
    {
        await scheduler.Standby();
        var fired = services.GetRequiredService<Fired>();
        fired.Expect(count);
        for (var i = 0; i < count; i++)
        {
            await scheduler.ScheduleJob(TriggerBuilder.Create().WithIdentity($"due{i}").ForJob(Due).UsingJobData("run", "x").StartNow().Build());
        }

        var began = TimeProvider.System.GetTimestamp();
        await scheduler.Start();
        await fired.All;
        return TimeProvider.System.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        await scheduler.Shutdown(waitForJobsToComplete: true);
        await services.DisposeAsync();
    }
}

/// <summary>Counts what was fired.</summary>
internal sealed class Fired
{
    private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int left;

    public Task All => all.Task;

    public void Expect(int count) => left = count;

    public void Count()
    {
        if (Interlocked.Decrement(ref left) == 0)
        {
            all.SetResult();
        }
    }
}

/// <summary>What a trigger fires.</summary>
internal sealed class FiredJob(Fired fired) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        fired.Count();
        return ValueTask.CompletedTask;
    }
}
