using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>What one commit stores, all or nothing.</summary>
public sealed record RunTransaction
{
    /// <summary>The run as a list shows it.</summary>
    public required RunSummary Summary { get; init; }

    /// <summary>The right to drive it. With the first commit of a run the store grants it.</summary>
    public required Lease Lease { get; init; }

    /// <summary>The run is new.</summary>
    public bool IsNew { get; init; }

    /// <summary>The lease is given back with this commit: nothing more is to be done for now, and no other call is needed.</summary>
    public bool ReleasesLease { get; init; }

    /// <summary>State parts that changed; null data removes one.</summary>
    public required IReadOnlyList<StatePart> State { get; init; }

    /// <summary>New journal records.</summary>
    public required IReadOnlyList<JournalRecord> Journal { get; init; }

    /// <summary>Activity executions that began or changed; a record replaces the one of the same id, but keeps its place, and its start when it has none.</summary>
    public required IReadOnlyList<ActivityExecutionRecord> Executions { get; init; }

    /// <summary>New bookmarks; those that are also removed came and went. One of an id that is stored takes its place.</summary>
    public required IReadOnlyList<Bookmark> NewBookmarks { get; init; }

    /// <summary>Ids of removed bookmarks.</summary>
    public required IReadOnlyList<string> RemovedBookmarks { get; init; }

    /// <summary>New timers; those that are also removed came and went. One of an id that is stored takes its place.</summary>
    public required IReadOnlyList<RunTimer> NewTimers { get; init; }

    /// <summary>Ids of removed timers, unique within the run.</summary>
    public required IReadOnlyList<string> RemovedTimers { get; init; }

    /// <summary>Work that is to be done once this is stored; what is also removed came and went. One of an id that is stored takes its place.</summary>
    public IReadOnlyList<FollowUp> NewFollowUps { get; init; } = [];

    /// <summary>Ids of follow-up work, of whatever run, that this commit does.</summary>
    public IReadOnlyList<string> RemovedFollowUps { get; init; } = [];

    /// <summary>A new run only: the key that keeps the same request from starting a second one. Null when it has none.</summary>
    public Deduplication? Deduplication { get; init; }

    /// <summary>A new run only: the schedule that starts it. Null when none does.</summary>
    public ScheduleFiring? Schedule { get; init; }

    /// <summary>What other nodes are told once this is stored.</summary>
    public IReadOnlyList<StoreSignal> Signals { get; init; } = [];
}

/// <summary>A bookmark and the run that waits at it.</summary>
public sealed record StoredBookmark(string RunId, Bookmark Bookmark);

/// <summary>A timer and its run.</summary>
public sealed record StoredTimer(string RunId, RunTimer Timer);

/// <summary>What makes two requests to start a run the same one.</summary>
/// <param name="Scope">Whose key it is, e.g. a definition and its trigger: keys of different scopes do not meet.</param>
/// <param name="KeyHash">The key's hash; the key itself is the sender's and is not stored.</param>
/// <param name="ExpiresAt">When the key may start another run, UTC.</param>
public sealed record Deduplication(string Scope, string KeyHash, DateTimeOffset ExpiresAt);
