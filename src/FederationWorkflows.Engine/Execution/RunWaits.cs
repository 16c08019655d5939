namespace FederationWorkflows.Engine.Execution;

/// <summary>What a run waits for: bookmarks, and the timers that end the waiting. Each belongs to one live execution and goes with it.</summary>
internal sealed class RunWaits(CommitBuffer commit)
{
    private Dictionary<string, (Bookmark Bookmark, ActivityExecutionContext Owner)>? bookmarks;

    private Dictionary<string, (RunTimer Timer, ActivityExecutionContext Owner)>? timers;

    public bool IsEmpty => bookmarks is not { Count: > 0 } && timers is not { Count: > 0 };

    public IReadOnlyCollection<Bookmark> Bookmarks => bookmarks is null ? [] : [.. bookmarks.Values.Select(entry => entry.Bookmark)];

    public IReadOnlyCollection<RunTimer> Timers => timers is null ? [] : [.. timers.Values.Select(entry => entry.Timer)];

    public (Bookmark Bookmark, ActivityExecutionContext Owner)? Find(string bookmarkId) =>
        bookmarks is not null && bookmarks.TryGetValue(bookmarkId, out var entry) ? entry : null;

    /// <summary>Takes a due timer out; null when it is gone.</summary>
    public (RunTimer Timer, ActivityExecutionContext Owner)? TakeTimer(string timerId)
    {
        if (timers is null || !timers.TryGetValue(timerId, out var entry))
        {
            return null;
        }

        RemoveTimer(timerId);
        return entry;
    }

    /// <exception cref="InvalidOperationException">The run has a bookmark of this id.</exception>
    public void Add(Bookmark bookmark, ActivityExecutionContext owner)
    {
        Adopt(bookmark, owner);
        commit.Create(bookmark);
    }

    public void Add(RunTimer timer, ActivityExecutionContext owner)
    {
        Adopt(timer, owner);
        commit.Create(timer);
    }

    /// <summary>Takes over what the saved state has.</summary>
    public void Adopt(Bookmark bookmark, ActivityExecutionContext owner)
    {
        bookmarks ??= [];
        if (!bookmarks.TryAdd(bookmark.Id, (bookmark, owner)))
        {
            throw new InvalidOperationException($"The bookmark '{bookmark.Id}' exists already in this run. Give every bookmark an id of its own, or none.");
        }

        owner.Rare.Waits.Add(bookmark.Id);
        owner.State |= ActivityExecutionContext.Flags.Waiting;
    }

    /// <inheritdoc cref="Adopt(Bookmark, ActivityExecutionContext)"/>
    public void Adopt(RunTimer timer, ActivityExecutionContext owner)
    {
        (timers ??= [])[timer.Id] = (timer, owner);
        owner.Rare.Waits.Add(timer.Id);
    }

    /// <summary>Removes a bookmark, and the timer that would have resumed it.</summary>
    public void Burn(string bookmarkId)
    {
        if (bookmarks?.Remove(bookmarkId) is true)
        {
            commit.Burn(bookmarkId);
        }

        RemoveTimer(bookmarkId);
    }

    /// <summary>Removes all that an execution waits for.</summary>
    public void RemoveOf(ActivityExecutionContext owner)
    {
        if (owner.RareOrNull?.WaitsOrNull is not { } ids)
        {
            return;
        }

        owner.State &= ~ActivityExecutionContext.Flags.Waiting;
        foreach (var id in ids)
        {
            Burn(id);
        }

        ids.Clear();
    }

    /// <summary>Removes everything: the run has ended.</summary>
    public void Clear()
    {
        foreach (var id in bookmarks?.Keys.ToArray() ?? [])
        {
            Burn(id);
        }

        foreach (var id in timers?.Keys.ToArray() ?? [])
        {
            RemoveTimer(id);
        }
    }

    private void RemoveTimer(string id)
    {
        if (timers?.Remove(id) is true)
        {
            commit.RemoveTimer(id);
        }
    }
}
