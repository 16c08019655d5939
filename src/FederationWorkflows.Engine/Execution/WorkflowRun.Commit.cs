using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Engine.Execution;

/// <content>The journal, commits, and the saved state.</content>
public sealed partial class WorkflowRun
{
    private readonly CommitBuffer commit;

    private RunStateWriter? stateWriter;

    private long journalSequence;

    private int committedIncidents;

    private DateTimeOffset? finishedAt;

    /// <summary>The run as a list shows it.</summary>
    public RunSummary Summary
    {
        get
        {
            var now = Environment.TimeProvider.GetUtcNow();
            if (Status == WorkflowStatus.Finished)
            {
                finishedAt ??= now;
            }

            var definition = Workflow.Definition;
            return new RunSummary
            {
                Identity = new RunIdentityFacts(Id, definition.DefinitionId, definition.Id, definition.Version, definition.Revision, Identity.CorrelationId, StartedBy?.Name, Identity.StartedAt),
                Status = Status,
                SubStatus = SubStatus,
                Name = Name,
                IncidentCount = incidents.Count,
                UpdatedAt = now,
                FinishedAt = finishedAt,
            };
        }
    }

    /// <summary>
    /// Takes what has changed since the last commit. The caller stores it in one transaction; if that fails it must let go of the run
    /// and load it again, for the changes are not handed out twice.
    /// </summary>
    public RunCommit TakeCommit()
    {
        stateWriter ??= new RunStateWriter(this, new Dictionary<string, byte[]>());
        var result = new RunCommit
        {
            Summary = Summary,
            State = stateWriter.Write(commit),
            Journal = commit.Journal,
            NewBookmarks = commit.NewBookmarks ?? [],
            BurnedBookmarks = commit.BurnedBookmarks ?? [],
            NewTimers = commit.NewTimers ?? [],
            RemovedTimers = commit.RemovedTimers ?? [],
            Incidents = [.. incidents.Skip(committedIncidents)],
            FollowUps = commit.FollowUps ?? [],
            Effects = commit.Effects ?? [],
        };
        ClearCommit(handedOut: true);
        return result;
    }

    /// <summary>Forgets what has changed: for a run that nobody stores. The effects are handed out, since they are due all the same.</summary>
    public IReadOnlyList<object> DiscardCommit()
    {
        IReadOnlyList<object> effects = commit.Effects ?? [];
        ClearCommit(handedOut: false);
        return effects;
    }

    internal ActivityExecutionContext? RootContext => root;

    internal IReadOnlyCollection<ActivityExecutionContext> QueuedContexts => queue;

    private void ClearCommit(bool handedOut)
    {
        commit.Clear(handedOut);
        committedIncidents = incidents.Count;
        effectUncommitted = false;
    }

    private void Journal(ActivityExecutionContext context, JournalEvent what, ErrorInfo? error = null, DateTimeOffset? nextAttemptAt = null)
    {
        var data = what is JournalEvent.Completed or JournalEvent.Faulted ? context.RareOrNull?.JournalData : null;
        if (context.FailedAttempts > 0)
        {
            data = new Dictionary<string, object?>(data ?? []) { ["RetryCount"] = context.FailedAttempts };
            if (nextAttemptAt is { } at)
            {
                data["NextAttemptAt"] = at;
            }
        }

        var outcomes = what == JournalEvent.Completed ? context.CompletionResult as Outcomes : null;
        var entry = new JournalEntry(
            ++journalSequence,
            what == JournalEvent.Started ? context.StartedAt : Environment.TimeProvider.GetUtcNow(),
            context.Node,
            context.Number,
            context.ParentActivityExecutionContext?.Number ?? 0,
            what,
            error?.Message,
            context.Inputs,
            context.Outputs,
            data is null && outcomes is null && error is null ? null : new JournalDetails(outcomes, data, error));
        commit.Journal.Add(entry);
        Listener?.OnJournaled(entry, context.StartedAt);
    }
}
