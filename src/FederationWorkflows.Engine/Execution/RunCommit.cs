using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Execution;

/// <summary>
/// What has changed since the last commit. All of it goes into one transaction; the effects are carried out after it.
/// The journal entries hold the run's live objects, so render them before the run is advanced again.
/// </summary>
public sealed class RunCommit : IDisposable
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

    /// <summary>Work that is to be stored with it, and done after it.</summary>
    public required IReadOnlyList<RunFollowUp> FollowUps { get; init; }

    /// <summary>To be carried out after the transaction.</summary>
    public required IReadOnlyList<object> Effects { get; init; }

    /// <summary>Gives the journal's memory back; the journal is empty then.</summary>
    public void Dispose() => (Journal as PooledList<JournalEntry>)?.Return();
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
/// <param name="ParentId">The run that started it, or null.</param>
public sealed record RunIdentityFacts(
    string Id, string DefinitionId, string DefinitionVersionId, int Version, string Revision, string? CorrelationId, string? StartedBy, DateTimeOffset CreatedAt, string? ParentId = null);

/// <summary>Collects changes between two commits.</summary>
internal sealed class CommitBuffer
{
    public bool IsFirst { get; set; }

    public bool HasCompletions { get; set; }

    public PooledList<ActivityExecutionContext> Dirty { get; } = new();

    public List<ActivityExecutionContext>? Removed { get; private set; }

    public HashSet<ActivityNode>? Outputs { get; private set; }

    public PooledList<JournalEntry> Journal { get; private set; } = new();

    public List<Bookmark>? NewBookmarks { get; private set; }

    public List<string>? BurnedBookmarks { get; private set; }

    public List<RunTimer>? NewTimers { get; private set; }

    public List<string>? RemovedTimers { get; private set; }

    public List<RunFollowUp>? FollowUps { get; private set; }

    public List<object>? Effects { get; private set; }

    public int JournalCount => Journal.Count;

    public void Remove(ActivityExecutionContext context) => (Removed ??= []).Add(context);

    public void Publish(ActivityNode node) => (Outputs ??= []).Add(node);

    public void Create(Bookmark bookmark) => (NewBookmarks ??= []).Add(bookmark);

    public void Burn(string bookmarkId) => (BurnedBookmarks ??= []).Add(bookmarkId);

    public void Create(RunTimer timer) => (NewTimers ??= []).Add(timer);

    public void RemoveTimer(string timerId) => (RemovedTimers ??= []).Add(timerId);

    public void FollowUp(RunFollowUp followUp) => (FollowUps ??= []).Add(followUp);

    public void CarryOut(List<object> effects) => (Effects ??= []).AddRange(effects);

    /// <summary>Starts over. What was handed out stays with whom it was handed to.</summary>
    public void Clear(bool handedOut)
    {
        foreach (var context in Dirty)
        {
            context.State &= ~ActivityExecutionContext.Flags.Dirty;
        }

        Dirty.Clear();
        Removed = null;
        Outputs?.Clear();
        if (handedOut)
        {
            Journal = new();
        }
        else
        {
            Journal.Clear();
        }

        NewBookmarks = null;
        BurnedBookmarks = null;
        NewTimers = null;
        RemovedTimers = null;
        FollowUps = null;
        Effects = null;
        IsFirst = false;
        HasCompletions = false;
    }

    public void Return()
    {
        Dirty.Return();
        Journal.Return();
    }

    public bool HasStateChanges => IsFirst || Journal.Count > 0 || Dirty.Count > 0 || Removed is not null;
}
