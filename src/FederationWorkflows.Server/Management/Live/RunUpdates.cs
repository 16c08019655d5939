using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management.Instances;
using Microsoft.AspNetCore.SignalR;

namespace FederationWorkflows.Server.Management.Live;

/// <summary>
/// Tells watchers of runs what changed. Commits on this node are told at once, with those that follow within the pause in one; those of other
/// nodes are found by looking at the watched runs, and only those, every two seconds.
/// </summary>
internal sealed partial class RunUpdates(ObservedRuns observed, IRunStore runs, IHubContext<WorkflowInstanceHub> hub, TimeProvider timeProvider, ILogger<RunUpdates> logger) : BackgroundLoop
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    protected override Task RunAsync(CancellationToken stoppingToken) => Task.WhenAll(TellAsync(stoppingToken), LookAsync(stoppingToken));

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        while (await observed.Changed.WaitToReadAsync(stoppingToken))
        {
            await Task.Delay(Pause, timeProvider, stoppingToken);
            while (observed.Changed.TryRead(out var runId))
            {
                observed.Take(runId);
                try
                {
                    await TellAsync(runId, stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogNotTold(e, runId);
                }
            }
        }
    }

    private async Task TellAsync(string runId, CancellationToken cancellationToken)
    {
        // The workflow and its root are drawn nowhere.
        var executions = await runs.GetExecutionsAsync(runId, null, cancellationToken);
        var statistics = new ExecutionView(executions).Statistics([.. executions.Select(item => item.ActivityNodeId).Where(nodeId => nodeId.Count(letter => letter == ':') > 1).Distinct()]);
        var watchers = hub.Clients.Group(runId);
        await watchers.SendAsync("ActivityExecutionLogUpdatedAsync", new { Stats = statistics }, cancellationToken);
        await watchers.SendAsync("WorkflowExecutionLogUpdatedAsync", new { }, cancellationToken);
        await watchers.SendAsync("WorkflowInstanceUpdatedAsync", new { WorkflowInstanceId = runId }, cancellationToken);
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        var seen = new Dictionary<string, DateTimeOffset>();
        using var timer = new PeriodicTimer(LookEvery, timeProvider);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                seen = await LookAsync(seen, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotSeen(e);
            }
        }
    }

    private async Task<Dictionary<string, DateTimeOffset>> LookAsync(Dictionary<string, DateTimeOffset> before, CancellationToken cancellationToken)
    {
        var now = new Dictionary<string, DateTimeOffset>();
        foreach (var runId in observed.Current)
        {
            if (await runs.FindAsync(runId, cancellationToken) is not { } run)
            {
                continue;
            }

            now[runId] = run.UpdatedAt;
            if (before.TryGetValue(runId, out var known) && known != run.UpdatedAt)
            {
                observed.Tell(runId);
            }
        }

        return now;
    }

    [LoggerMessage(LogLevel.Warning, "Watchers of run {RunId} could not be told that it changed; they are with its next change")]
    private partial void LogNotTold(Exception exception, string runId);

    [LoggerMessage(LogLevel.Warning, "The runs that are watched could not be looked at; the next attempt follows")]
    private partial void LogNotSeen(Exception exception);
}
