using System.Text.Json;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Keeps who did what. Entries are added and read; no way changes or removes one, and the database refuses it too.</summary>
public interface IAuditStore
{
    /// <summary>Adds an entry; its number is the store's.</summary>
    ValueTask AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Entries, the newest first.</summary>
    ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditQuery query, CancellationToken cancellationToken);
}

/// <summary>Somebody did something. Nothing in it is secret.</summary>
public sealed record AuditEntry
{
    /// <summary>Its place: a later entry has a greater number. 0 before it is stored.</summary>
    public long Number { get; init; }

    /// <summary>When, UTC, to the microsecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who: the name of a user, an API key or the server itself; up to 300 characters.</summary>
    public required string Actor { get; init; }

    /// <summary>How he proved who he is, e.g. <c>session</c>, <c>api-key</c>, <c>system</c>; up to 100 characters.</summary>
    public required string SignedInBy { get; init; }

    /// <summary>From which address; null when nobody called from outside.</summary>
    public string? Address { get; init; }

    /// <summary>What was done, e.g. <c>story.publish</c>: the kind of thing, a dot and a verb; up to 100 characters.</summary>
    public required string Action { get; init; }

    /// <summary>To what: its id; up to 300 characters.</summary>
    public required string Subject { get; init; }

    /// <summary>Whether it was done, or refused.</summary>
    public bool Succeeded { get; init; } = true;

    /// <summary>What it was before; null where there is nothing to show.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>What it is now, or the reason that was given; null where there is nothing to show.</summary>
    public JsonElement? After { get; init; }
}

/// <summary>Which entries to list. An entry must satisfy every filter that is given.</summary>
public sealed record AuditQuery
{
    /// <summary>Only entries with a smaller number; null to begin with the newest.</summary>
    public long? Before { get; init; }

    /// <summary>How many at most, 1 to 1000.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>By this actor only, in any case; SQLite knows only that of A to Z.</summary>
    public string? Actor { get; init; }

    /// <summary>This action only; all of a kind of thing when it ends with a dot, e.g. <c>story.</c>.</summary>
    public string? Action { get; init; }

    /// <summary>On this subject only, in any case as the actor.</summary>
    public string? Subject { get; init; }

    /// <summary>From this time on, UTC.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time, UTC.</summary>
    public DateTimeOffset? To { get; init; }
}
