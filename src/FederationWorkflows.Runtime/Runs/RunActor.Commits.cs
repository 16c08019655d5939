using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Runtime.Runs;

/// <content>Commits, and what follows them.</content>
internal sealed partial class RunActor
{
    /// <summary>Of more places of a kind in one commit others are told that there are many.</summary>
    private const int MostSignals = 16;

    /// <param name="releases">Nothing more is to be done for now: the lease is given back with it.</param>
    /// <param name="cancellationToken">Ends waiting for it.</param>
    private async ValueTask CommitAsync(bool releases, CancellationToken cancellationToken)
    {
        using var commit = run.TakeCommit();
        var (journal, executions) = RunProjection.Project(run.Id, commit.Journal);
        var transaction = new RunTransaction
        {
            Summary = commit.Summary,
            Lease = lease,
            IsNew = origin is not null,
            ReleasesLease = releases,
            State = telemetry?.WithPart(commit.State) ?? commit.State,
            Journal = journal,
            Executions = executions,
            NewBookmarks = commit.NewBookmarks,
            RemovedBookmarks = commit.BurnedBookmarks,
            NewTimers = commit.NewTimers,
            RemovedTimers = commit.RemovedTimers,
            NewFollowUps = [.. commit.FollowUps.Select(followUp => new FollowUp(followUp.Id, followUp.Work.Kind, Traced(followUp.Work).Encode(services.Codec), commit.Summary.UpdatedAt))],
            RemovedFollowUps = FollowUpsDone(),
            Signals = commit.NewBookmarks.Count == 0 ? [] : Told(commit),
            Deduplication = origin?.Deduplication,
            Schedule = origin?.Schedule,
        };
        await (releases ? StoreAndReleaseAsync(transaction, cancellationToken) : services.Runs.CommitMeteredAsync(transaction, cancellationToken));
        origin = null;
        foreach (var incident in commit.Incidents)
        {
            LogIncident(run.Id, incident.ActivityId, incident.ActivityType, incident.Message);
        }

        foreach (var observer in services.Observers)
        {
            try
            {
                observer.OnCommitted(transaction);
            }
            catch (Exception e)
            {
                LogObserverFailed(e, run.Id, observer.GetType().Name);
            }
        }

        foreach (var command in carried)
        {
            command.TrySetResult(CommandOutcome.Done);
        }

        foreach (var command in refused)
        {
            command.TrySetResult(CommandOutcome.Nothing);
        }

        carried.Clear();
        refused.Clear();
        await CarryOutAsync(commit.Effects, cancellationToken);
    }

    private async ValueTask StoreAndReleaseAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        await leasing.WaitAsync(cancellationToken);
        try
        {
            await services.Runs.CommitMeteredAsync(transaction, cancellationToken);
            isReleased = true;
        }
        finally
        {
            leasing.Release();
        }
    }

    /// <summary>Where it began to wait, for the other nodes.</summary>
    private IReadOnlyList<StoreSignal> Told(RunCommit commit) =>
    [
        .. commit.NewBookmarks.ExceptBy(commit.BurnedBookmarks, bookmark => bookmark.Id)
            .Select(bookmark => (Kind: services.Observers.Select(observer => observer.SignalOf(bookmark.Name)).FirstOrDefault(kind => kind is not null), bookmark.Hash))
            .Where(place => place.Kind is not null)
            .GroupBy(place => place.Kind!, place => place.Hash)
            .SelectMany(hashes => hashes.Distinct().ToArray() is { Length: <= MostSignals } few ? few.Select(hash => new StoreSignal(hashes.Key, hash)) : [new StoreSignal(hashes.Key, "")]),
    ];

    private IReadOnlyList<string> FollowUpsDone()
    {
        if (carried.Count == 0)
        {
            return origin?.FollowUpId is { } done ? [done] : [];
        }

        return [.. carried.Select(command => command.FollowUpId).Append(origin?.FollowUpId).OfType<string>()];
    }

    /// <summary>A run that this one starts is told by which.</summary>
    private FollowUpWork Traced(FollowUpWork work) => work is StartStory start && telemetry?.TraceParent is { } traceParent ? start with { TraceParent = traceParent } : work;

    /// <summary>The commit stands whatever becomes of its effects.</summary>
    private async ValueTask CarryOutAsync(IReadOnlyList<object> effects, CancellationToken cancellationToken)
    {
        foreach (var effect in effects)
        {
            foreach (var handler in services.EffectHandlers)
            {
                try
                {
                    await handler.HandleAsync(run.Id, effect, cancellationToken);
                }
                catch (Exception e)
                {
                    LogEffectFailed(e, run.Id, effect.GetType().Name, handler.GetType().Name);
                }
            }
        }
    }
}
