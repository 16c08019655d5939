namespace FederationWorkflows.Engine.Execution;

/// <summary>What happened to an activity.</summary>
public enum JournalEvent
{
    /// <summary>It began.</summary>
    Started,

    /// <summary>It completed.</summary>
    Completed,

    /// <summary>It failed.</summary>
    Faulted,

    /// <summary>It was cancelled.</summary>
    Canceled,

    /// <summary>It waits for a bookmark.</summary>
    Suspended,

    /// <summary>A bookmark of it was resumed.</summary>
    Resumed,

    /// <summary>It failed, and will be tried again. Elsa has no such event.</summary>
    Retrying,
}

/// <summary>One line of a run's journal. Values are the run's own objects: render them with what masks sensitive ones.</summary>
/// <param name="Sequence">The place in the run's journal, from 1, without gaps.</param>
/// <param name="Timestamp">When, UTC.</param>
/// <param name="Node">The activity.</param>
/// <param name="InstanceNumber">The number of its execution within the run.</param>
/// <param name="ParentInstanceNumber">The number of the execution that scheduled it; 0 for the workflow itself.</param>
/// <param name="Event">What happened.</param>
/// <param name="Message">More about it, without secrets; or null.</param>
/// <param name="Inputs">The evaluated inputs by slot, once evaluated.</param>
/// <param name="Outputs">The outputs by slot, once set.</param>
/// <param name="Details">Outcomes, journal data and error; null when there is nothing to add.</param>
public readonly record struct JournalEntry(
    long Sequence,
    DateTimeOffset Timestamp,
    ActivityNode Node,
    long InstanceNumber,
    long ParentInstanceNumber,
    JournalEvent Event,
    string? Message,
    object?[]? Inputs,
    object?[]? Outputs,
    JournalDetails? Details)
{
    /// <summary>The inputs are the same array in every run: what is made of them can be kept with it.</summary>
    public bool HasFixedInputs => Inputs is not null && ReferenceEquals(Inputs, Node.ConstantInputs);
}

/// <summary>What some journal entries have beyond values.</summary>
/// <param name="Outcomes">The outcomes it completed with.</param>
/// <param name="Data">What the activity put into its journal data.</param>
/// <param name="Error">Why it failed.</param>
public sealed record JournalDetails(Outcomes? Outcomes, IReadOnlyDictionary<string, object?>? Data, ErrorInfo? Error);
