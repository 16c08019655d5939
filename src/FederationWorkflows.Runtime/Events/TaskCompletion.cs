using System.Security.Claims;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Events;

/// <summary>Takes the results of tasks that runs wait for.</summary>
public sealed class TaskCompletion(WorkflowRuntime runtime, IRunStore runs)
{
    /// <summary>Reports a task done. When this returns true, the run that asked for it has the result.</summary>
    /// <param name="taskId">The task's id.</param>
    /// <param name="result">What the run gets.</param>
    /// <param name="caller">Who did it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when nobody waits for the task.</returns>
    public async Task<bool> CompleteAsync(string taskId, object? result, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        foreach (var waiting in await runs.FindBookmarksAsync(RunTaskStimulus.Kind, Bookmark.HashOf(RunTaskStimulus.Kind, new RunTaskStimulus(taskId)), cancellationToken))
        {
            return await runtime.ResumeAsync(waiting.RunId, waiting.Bookmark.Id, result, caller, cancellationToken);
        }

        return false;
    }
}
