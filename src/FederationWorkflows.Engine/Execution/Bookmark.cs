using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.Engine.Execution;

/// <summary>A place where a run waits for something from outside.</summary>
public sealed record Bookmark
{
    /// <summary>The bookmark's id, unique among all runs.</summary>
    public required string Id { get; init; }

    /// <summary>The kind of thing it waits for; by default the activity's type.</summary>
    public required string Name { get; init; }

    /// <summary>What must happen, as data.</summary>
    public object? Stimulus { get; init; }

    /// <summary>The hash of name and stimulus, by which the thing that happens finds it.</summary>
    public required string Hash { get; init; }

    /// <summary>The activity that waits.</summary>
    public required string ActivityId { get; init; }

    /// <summary>The activity's place.</summary>
    public required string NodeId { get; init; }

    /// <summary>The number of the activity's execution within its run.</summary>
    public required long InstanceNumber { get; init; }

    /// <summary>The method to call on resumption; null completes the activity.</summary>
    public string? CallbackName { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>A resumption removes it.</summary>
    public bool AutoBurn { get; init; } = true;

    /// <summary>Notes of the activity about it.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The hash that a stimulus of a kind has.</summary>
    public static string HashOf(string name, object? stimulus) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name + '\n' + JsonValues.ToJson(stimulus))));
}

/// <summary>How to make a bookmark (Elsa contract: CreateBookmarkArgs).</summary>
public sealed class CreateBookmarkArgs
{
    /// <summary>The id; a new one when null.</summary>
    public string? BookmarkId { get; set; }

    /// <summary>The kind of thing it waits for; the activity's type when null.</summary>
    public string? BookmarkName { get; set; }

    /// <summary>What must happen, as data.</summary>
    public object? Stimulus { get; set; }

    /// <summary>Called on resumption: a method of the activity. When null, resumption completes the activity.</summary>
    public ExecuteActivityDelegate? Callback { get; set; }

    /// <summary>A resumption removes it.</summary>
    public bool AutoBurn { get; set; } = true;

    /// <summary>Notes about it.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; set; }

    /// <summary>Resumes it by itself at this time.</summary>
    public DateTimeOffset? ResumeAt { get; set; }
}

/// <summary>Something due at a time, kept with the run.</summary>
/// <param name="Id">Unique within the run.</param>
/// <param name="DueAt">When, UTC.</param>
/// <param name="InstanceNumber">The activity execution it belongs to.</param>
/// <param name="BookmarkId">The bookmark it resumes; null when it is the activity's time limit.</param>
public sealed record RunTimer(string Id, DateTimeOffset DueAt, long InstanceNumber, string? BookmarkId);

/// <summary>An activity that failed (Elsa contract: ActivityIncident).</summary>
/// <param name="ActivityId">The activity.</param>
/// <param name="ActivityNodeId">Its place.</param>
/// <param name="ActivityType">Its type.</param>
/// <param name="InstanceNumber">The number of its execution within the run.</param>
/// <param name="Message">What happened and what to do, without secrets.</param>
/// <param name="Error">The error in detail.</param>
/// <param name="Timestamp">When, UTC.</param>
public sealed record Incident(string ActivityId, string ActivityNodeId, string ActivityType, long InstanceNumber, string Message, ErrorInfo Error, DateTimeOffset Timestamp);

/// <summary>An exception as a user may see it: never its stack trace.</summary>
/// <param name="Type">The exception's type name.</param>
/// <param name="Message">Its message, without secrets.</param>
/// <param name="Inner">What caused it, or null.</param>
public sealed record ErrorInfo(string Type, string Message, ErrorInfo? Inner);
