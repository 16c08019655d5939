using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Events;

/// <summary>Takes the results of tasks that runs wait for.</summary>
public sealed class TaskCompletion(WorkflowRuntime runtime, IRunStore runs)
{
    /// <summary>The tasks that runs wait for, oldest first.</summary>
    public async ValueTask<IReadOnlyList<OpenTask>> GetOpenAsync(CancellationToken cancellationToken)
    {
        var open = new List<OpenTask>();
        foreach (var waiting in await runs.FindBookmarksAsync(RunTaskStimulus.Kind, null, cancellationToken))
        {
            if (TaskOf(waiting) is { } task)
            {
                open.Add(task);
            }
        }

        return [.. open.OrderBy(task => task.CreatedAt)];
    }

    /// <summary>A task that a run waits for.</summary>
    /// <returns>Null when nobody waits for it.</returns>
    public async ValueTask<OpenTask?> FindAsync(string taskId, CancellationToken cancellationToken) =>
        await FindWaitingAsync(taskId, cancellationToken) is { } waiting ? TaskOf(waiting) : null;

    /// <summary>Reports a task done. When this returns true, the run that asked for it has the result.</summary>
    /// <param name="taskId">The task's id.</param>
    /// <param name="result">What the run gets.</param>
    /// <param name="caller">Who did it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when nobody waits for the task.</returns>
    public async Task<bool> CompleteAsync(string taskId, object? result, ClaimsPrincipal caller, CancellationToken cancellationToken) =>
        await FindWaitingAsync(taskId, cancellationToken) is { } waiting && await runtime.ResumeAsync(waiting.RunId, waiting.Bookmark.Id, result, caller, cancellationToken);

    private async ValueTask<StoredBookmark?> FindWaitingAsync(string taskId, CancellationToken cancellationToken) =>
        await runs.FindBookmarksAsync(RunTaskStimulus.Kind, Bookmark.HashOf(RunTaskStimulus.Kind, new RunTaskStimulus(taskId)), cancellationToken) is [var waiting, ..] ? waiting : null;

    private static OpenTask? TaskOf(StoredBookmark waiting)
    {
        var bookmark = waiting.Bookmark;
        var stimulus = bookmark.Stimulus is JsonElement json ? (RunTaskStimulus?)ValueConversion.Convert(json, typeof(RunTaskStimulus)) : bookmark.Stimulus as RunTaskStimulus;
        return stimulus is null || bookmark.Metadata is not { } metadata ? null : new OpenTask(
            stimulus.TaskId, metadata.GetValueOrDefault(RunTaskStimulus.NameKey) ?? "", JsonValues.Parse(metadata.GetValueOrDefault(RunTaskStimulus.PayloadKey) ?? "null"), waiting.RunId, bookmark.ActivityId, bookmark.CreatedAt);
    }
}

/// <summary>A task that a run waits for.</summary>
/// <param name="TaskId">To be given when it is done.</param>
/// <param name="Name">What is to be done.</param>
/// <param name="Payload">Its parameters; what is sensitive is masked.</param>
/// <param name="RunId">The run.</param>
/// <param name="ActivityId">The activity that asks.</param>
/// <param name="CreatedAt">Since when, UTC.</param>
public sealed record OpenTask(string TaskId, string Name, JsonElement Payload, string RunId, string ActivityId, DateTimeOffset CreatedAt);
