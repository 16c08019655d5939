using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <content>How stored runs become live on this node.</content>
public sealed partial class WorkflowRuntime
{
    /// <summary>Makes a stored run live here. A first command is posted before the run is driven, so that it does not come to rest before.</summary>
    private async Task TakeUpAsync(string runId, TaskCompletionSource<RunActor?> mine, RunCommand? first, bool revives = false)
    {
        RunActor? actor;
        CommandOutcome refusal;
        try
        {
            (actor, refusal) = await LoadAsync(runId, mine, revives);
        }
        catch (Exception e)
        {
            Withdraw(runId, mine);
            if (first is null)
            {
                throw;
            }

            first.SetException(e);
            return;
        }

        if (actor is null)
        {
            Withdraw(runId, mine);
            first?.SetResult(refusal);
            return;
        }

        if (first is not null)
        {
            actor.Post(first);
        }

        mine.SetResult(actor);
        Drive(actor, actor.Definition, turn: null, onLetGo: null);
    }

    /// <summary>It does not become live, and who waits for it may try himself.</summary>
    private void Withdraw(string runId, TaskCompletionSource<RunActor?> mine)
    {
        live.TryRemove(KeyValuePair.Create(runId, mine));
        mine.SetResult(null);
    }

    /// <summary>Claims and loads a stored run; without an actor the outcome says why.</summary>
    private async Task<(RunActor? Actor, CommandOutcome Refusal)> LoadAsync(string runId, TaskCompletionSource<RunActor?> entry, bool revives)
    {
        var summary = await runs.FindAsync(runId, stopping.Token);
        if (summary is null || (summary.Status == WorkflowStatus.Finished && !(revives && summary.SubStatus == WorkflowSubStatus.Faulted)))
        {
            return (null, CommandOutcome.Nothing);
        }

        if (await runs.ClaimAsync(runId, Node, LeaseDuration, stopping.Token) is not { } lease)
        {
            return (null, CommandOutcome.Elsewhere);
        }

        RunActor? actor = null;
        try
        {
            var identity = summary.Identity;
            var workflow = await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, stopping.Token);
            var parts = await runs.LoadAsync(runId, stopping.Token);
            if (workflow is null || parts is null)
            {
                LogGone(runId, identity.DefinitionId, identity.Revision);
                return (null, CommandOutcome.Unloadable);
            }

            var run = WorkflowRun.Load(workflow, parts, environment);
            actor = NewActor(run, lease, null, RunTelemetry.Begin(run, isNew: false, RunTraceContext.Find(parts), caller: null, environment.TimeProvider), entry);
            return (actor, CommandOutcome.Done);
        }
        finally
        {
            if (actor is null)
            {
                await runs.ReleaseAsync(runId, lease, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Run {RunId} cannot go on: revision {Revision} of definition {DefinitionId} is gone")]
    private partial void LogGone(string runId, string definitionId, string revision);
}
