namespace FederationWorkflows.Engine.Activities.Tasks;

/// <summary>What <c>Elsa.RunTask</c> waits for: that somebody reports the task done. Name and parameters are in the bookmark's metadata.</summary>
/// <param name="TaskId">The task's id.</param>
public sealed record RunTaskStimulus(string TaskId)
{
    /// <summary>The kind of bookmark.</summary>
    public const string Kind = "Elsa.RunTask";

    /// <summary>The task's name in the metadata.</summary>
    public const string NameKey = "taskName";

    /// <summary>The task's parameters in the metadata, as JSON.</summary>
    public const string PayloadKey = "payload";
}

/// <summary>The effect that tells the host of a task, once the run that waits for it is on disk.</summary>
/// <param name="TaskId">To be given back when the task is done.</param>
/// <param name="TaskName">What is to be done.</param>
/// <param name="Payload">The parameters; what is sensitive in them stays so.</param>
public sealed record TaskRequested(string TaskId, string TaskName, object? Payload);
