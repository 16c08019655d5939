using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Engine.Execution;

/// <summary>What all runs of a process share. Immutable.</summary>
public sealed class RunEnvironment
{
    /// <summary>Where activities find their services.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>How values become part of the saved state.</summary>
    public required StateCodec Codec { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Makes ids of bookmarks, unique among all runs.</summary>
    public Func<string> NewId { get; init; } = () => Guid.CreateVersion7().ToString("N");

    /// <summary>Spreads what would happen at once: a number from 0 to below 1. Called on any thread.</summary>
    public Func<double> NextRandom { get; init; } = () => System.Security.Cryptography.RandomNumberGenerator.GetInt32(1 << 30) / (double)(1 << 30);

    /// <summary>Bounds of one run.</summary>
    public RunLimits Limits { get; init; } = new();
}

/// <summary>Bounds of one run.</summary>
public sealed record RunLimits
{
    /// <summary>Activities of one run that may be in flight at once.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>Executions in one run, over all its life; a run that passes it faults.</summary>
    public long MaxExecutions { get; init; } = 1_000_000;

    /// <summary>Executions that may be live at once in one run.</summary>
    public int MaxLive { get; init; } = 100_000;

    /// <summary>How many runs may stand above one, each started by the one above.</summary>
    public int MaxStoryDepth { get; init; } = 32;

    /// <summary>Executions between two yields to other runs.</summary>
    public int ExecutionsPerTurn { get; init; } = 10_000;

    /// <summary>Journal entries that make a commit due.</summary>
    public int JournalEntriesPerCommit { get; init; } = 2_000;
}

/// <summary>What a run starts with.</summary>
public sealed class RunStart
{
    /// <summary>The run's id, chosen by the caller so that it can be stored before anything executes.</summary>
    public required string RunId { get; init; }

    /// <summary>Values of the workflow's inputs, by name.</summary>
    public IReadOnlyDictionary<string, object?> Input { get; init; } = System.Collections.Frozen.FrozenDictionary<string, object?>.Empty;

    /// <summary>What ties the run to something outside.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The trigger that started it; null when it was started by hand.</summary>
    public string? TriggerActivityId { get; init; }

    /// <summary>What the trigger received.</summary>
    public object? TriggerPayload { get; init; }

    /// <summary>On whose behalf it runs.</summary>
    public Person? StartedBy { get; init; }

    /// <summary>The people through whose hands it goes (<see cref="Stories.Hands"/>).</summary>
    public IReadOnlyList<string> Hands { get; init; } = Stories.Hands.None;

    /// <summary>The run that starts it; null when none does.</summary>
    public Stories.RunParent? Parent { get; init; }
}
