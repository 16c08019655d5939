using System.Globalization;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Scheduling;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Schedules;

/// <summary>
/// Starts runs when their schedules are due. The store is the truth: the start and the move to the next time are one transaction, which only
/// one node of all wins. Signals and sleep merely decide when to look.
/// </summary>
internal sealed partial class ScheduleService(
    IScheduleStore store, IStoreSignals signals, DefinitionCatalog definitions, WorkflowRuntime runtime, IOptions<ScheduleOptions> options, TimeProvider timeProvider, ILogger<ScheduleService> logger)
    : BackgroundLoop
{
    private static readonly Person Schedule = new("schedule");

    private const int Batch = 100;

    /// <summary>What no signal told of is found by looking again after so long.</summary>
    private readonly Alarm alarm = new(timeProvider, TimeSpan.FromSeconds(30));

    private readonly Backoff<string> attempts = new(timeProvider);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var listening = signals.Subscribe(signal =>
        {
            if (signal.Kind == SignalKinds.Everything)
            {
                attempts.Restart();
            }

            if (signal.Kind is SignalKinds.Schedules or SignalKinds.Everything)
            {
                alarm.Ring();
            }
        });
        await alarm.RunAsync(LookAsync, LogFailed, attempts.Restart, stoppingToken);
    }

    private async Task<DateTimeOffset?> LookAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        await FireDueAsync(now, cancellationToken) ? now : Alarm.Earlier(await store.GetNextScheduleAsync(now, cancellationToken), attempts.NextAt);

    /// <returns>True when more may be due.</returns>
    private async Task<bool> FireDueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Those that cannot be fired come first in the store; they must not hide the others.
        var limit = attempts.Count + Batch;
        var due = await store.GetDueSchedulesAsync(now, limit, cancellationToken);
        if (due.Count < limit)
        {
            attempts.Keep(due.Select(schedule => schedule.Id).ToHashSet());
        }

        var begun = 0;
        foreach (var record in due.Where(record => attempts.TryBegin(record.Id)))
        {
            begun++;
            try
            {
                await FireAsync(record, cancellationToken);
                attempts.Succeeded(record.Id);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                attempts.Failed(record.Id);
                LogNotFired(e, record.Id);
            }
        }

        return begun > 0;
    }

    private async Task FireAsync(ScheduleRecord record, CancellationToken cancellationToken)
    {
        if (await definitions.FindRevisionAsync(record.DefinitionId, record.Revision, cancellationToken) is not { } workflow || ScheduleArming.Find(workflow, record.Id) is not { } schedule)
        {
            throw new InvalidOperationException($"The version of story '{record.DefinitionId}' that schedule '{record.Id}' belongs to is gone. Publish the story again.");
        }

        var due = record.DueAt!.Value;
        for (var made = 1; ; made++)
        {
            var now = timeProvider.GetUtcNow();
            var next = schedule.NextAfter(due);
            var isLast = schedule.Misfire != MisfirePolicy.FireAll || made >= options.Value.MaxMadeUp || next > now;
            if (isLast && next <= now)
            {
                LogMissed(record.Id, due);
                next = schedule.NextAfter(now);
            }

            var firing = new ScheduleFiring(record.Id, due, next);
            if (schedule.Misfire == MisfirePolicy.Skip && now - due > options.Value.Grace)
            {
                LogSkipped(record.Id, due);
                await store.AdvanceScheduleAsync(firing, cancellationToken);
                return;
            }

            if (!await StartAsync(workflow, record, firing, cancellationToken) || isLast || next is null)
            {
                return;
            }

            due = next.Value;
        }
    }

    /// <returns>False when another node was quicker.</returns>
    private async Task<bool> StartAsync(ExecutableWorkflow workflow, ScheduleRecord record, ScheduleFiring firing, CancellationToken cancellationToken)
    {
        var request = new StartRequest(record.DefinitionId)
        {
            TriggerActivityId = record.ActivityId,
            TriggerPayload = new Dictionary<string, object?> { ["dueAt"] = firing.ExpectedDueAt.ToString("O", CultureInfo.InvariantCulture) },
        };
        try
        {
            await runtime.StartAsync(workflow, request, Schedule, new RunOrigin { Schedule = firing, WaitsForRoom = true }, cancellationToken);
            RuntimeMeter.TimerLag.Record((timeProvider.GetUtcNow() - firing.ExpectedDueAt).TotalSeconds, new KeyValuePair<string, object?>("fedflow.timer.kind", "schedule"));
            return true;
        }
        catch (ScheduleFiredException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Schedules could not be looked at; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "Schedule {ScheduleId} could not be fired; the next attempt follows")]
    private partial void LogNotFired(Exception exception, string scheduleId);

    [LoggerMessage(LogLevel.Warning, "Schedule {ScheduleId} was missed since {DueAt}; it goes on from now")]
    private partial void LogMissed(string scheduleId, DateTimeOffset dueAt);

    [LoggerMessage(LogLevel.Warning, "Schedule {ScheduleId} was missed at {DueAt} and is skipped, as its story says")]
    private partial void LogSkipped(string scheduleId, DateTimeOffset dueAt);
}
