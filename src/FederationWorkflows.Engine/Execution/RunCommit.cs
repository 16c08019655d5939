namespace FederationWorkflows.Engine.Execution;

/// <summary>
/// What has changed since the last commit. All of it goes into one transaction; the effects are carried out after it.
/// The journal entries hold the run's live objects, so render them before the run is advanced again.
/// </summary>
public sealed class RunCommit
{
    /// <summary>The run as a list shows it.</summary>
    public required RunSummary Summary { get; init; }

    /// <summary>The parts of the state that changed, as UTF-8 JSON; null data means the part is gone.</summary>
    public required IReadOnlyList<StatePart> State { get; init; }

    /// <summary>New journal entries, in order.</summary>
    public required IReadOnlyList<JournalEntry> Journal { get; init; }

    /// <summary>Bookmarks to be found from outside now.</summary>
    public required IReadOnlyList<Execution.Bookmark> NewBookmarks { get; init; }

    /// <summary>Ids of bookmarks that are gone. One may also be among the new ones: it came and went.</summary>
    public required IReadOnlyList<string> BurnedBookmarks { get; init; }

    /// <summary>Timers to be fired.</summary>
    public required IReadOnlyList<RunTimer> NewTimers { get; init; }

    /// <summary>Ids of timers that are gone. One may also be among the new ones.</summary>
    public required IReadOnlyList<string> RemovedTimers { get; init; }

    /// <summary>New incidents.</summary>
    public required IReadOnlyList<Incident> Incidents { get; init; }

    /// <summary>To be carried out after the transaction.</summary>
    public required IReadOnlyList<object> Effects { get; init; }
}

/// <summary>One separately stored part of a run's state.</summary>
/// <param name="Key">Unique within the run.</param>
/// <param name="Data">UTF-8 JSON; null when the part is gone.</param>
public readonly record struct StatePart(string Key, byte[]? Data);

/// <summary>A run as a list shows it.</summary>
public sealed record RunSummary
{
    /// <summary>What identifies the run.</summary>
    public required RunIdentityFacts Identity { get; init; }

    /// <summary>Whether it goes on.</summary>
    public required WorkflowStatus Status { get; init; }

    /// <summary>How it stands.</summary>
    public required WorkflowSubStatus SubStatus { get; init; }

    /// <summary>The name the story gave the run, or null.</summary>
    public string? Name { get; init; }

    /// <summary>How many activities failed.</summary>
    public int IncidentCount { get; init; }

    /// <summary>When it last changed, UTC.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended, UTC; null while it goes on.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>What identifies a run, and what it was made from.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="DefinitionId">The definition all versions share.</param>
/// <param name="DefinitionVersionId">The version it runs.</param>
/// <param name="Version">That version's number.</param>
/// <param name="Revision">That version's content hash.</param>
/// <param name="CorrelationId">What ties it to something outside, or null.</param>
/// <param name="StartedBy">On whose behalf it runs, or null.</param>
/// <param name="CreatedAt">When it was created, UTC.</param>
public sealed record RunIdentityFacts(string Id, string DefinitionId, string DefinitionVersionId, int Version, string Revision, string? CorrelationId, string? StartedBy, DateTimeOffset CreatedAt);

/// <summary>Collects changes between two commits.</summary>
internal sealed class CommitBuffer
{
    public bool IsFirst { get; set; }

    public bool HasCompletions { get; set; }

    public List<ActivityExecutionContext> Dirty { get; } = [];

    public List<ActivityExecutionContext> Removed { get; } = [];

    public HashSet<ActivityNode> Outputs { get; } = [];

    public List<JournalEntry> Journal { get; set; } = [];

    public List<Bookmark> NewBookmarks { get; set; } = [];

    public List<string> BurnedBookmarks { get; set; } = [];

    public List<RunTimer> NewTimers { get; set; } = [];

    public List<string> RemovedTimers { get; set; } = [];

    public List<object> Effects { get; set; } = [];

    public int JournalCount => Journal.Count;

    public bool HasStateChanges => IsFirst || Journal.Count > 0 || Dirty.Count > 0 || Removed.Count > 0;
}
