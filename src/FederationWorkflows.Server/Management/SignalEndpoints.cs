using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Runtime.Events;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management;

/// <summary>What people and systems tell waiting runs: a task is done, an event happened.</summary>
internal static class SignalEndpoints
{
    public static void MapSignals(this IEndpointRouteBuilder api)
    {
        api.MapPost("/tasks/{taskId}/complete", CompleteTaskAsync).Answers<TaskCompleted>().Requires(Permissions.TasksDecide).Audited("task.complete", "taskId");
        api.MapPost("/events/{eventName}/trigger", PublishEventAsync).Answers<EventPublished>().Requires(Permissions.RunsStart).Audited("event.publish", "eventName");
    }

    public static void MapOpenTasks(this IEndpointRouteBuilder api) => api.MapGet("/tasks", ListTasksAsync).Answers<Listed<TaskFacts>>().Requires(Permissions.TasksDecide);

    private static async Task<IResult> ListTasksAsync(TaskCompletion tasks, CancellationToken cancellationToken) =>
        Results.Json(
            new
            {
                Items = (await tasks.GetOpenAsync(cancellationToken)).Select(task => new { task.TaskId, TaskName = task.Name, task.Payload, WorkflowInstanceId = task.RunId, task.ActivityId, task.CreatedAt }),
            },
            ManagementApi.Json);

    private static async Task<IResult> CompleteTaskAsync(string taskId, TaskResult request, HttpContext context, TaskCompletion tasks, CancellationToken cancellationToken)
    {
        var open = await tasks.FindAsync(taskId, cancellationToken);
        if (open is null || !await tasks.CompleteAsync(taskId, Value(request.Result), context.User, cancellationToken))
        {
            return Results.Problem($"No run waits for task '{taskId}'. It was completed before, or its run has ended.", statusCode: StatusCodes.Status404NotFound);
        }

        // The result is the run's, which knows what of it is secret.
        context.Tell(taskId, before: new { TaskName = open.Name, WorkflowInstanceId = open.RunId, open.ActivityId, IsCompleted = false }, after: new { IsCompleted = true, HasResult = request.Result is not null });
        return Results.Json(new { TaskId = taskId }, ManagementApi.Json);
    }

    private static async Task<IResult> PublishEventAsync(string eventName, EventToPublish request, HttpContext context, EventPublisher events, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(request.WorkflowInstanceId) || !string.IsNullOrEmpty(request.ActivityInstanceId))
        {
            return ManagementApi.Wrong("An event is for all who wait for it. To reach certain runs, give them a correlation id and name it in \"correlationId\".");
        }

        var missed = await events.PublishAsync(eventName, string.IsNullOrEmpty(request.CorrelationId) ? null : request.CorrelationId, Value(request.Input), context.User, cancellationToken);
        context.Tell(eventName, after: new { CorrelationId = string.IsNullOrEmpty(request.CorrelationId) ? null : request.CorrelationId, HasInput = request.Input is not null, CouldNotBeTold = missed });
        return missed == 0
            ? Results.Json(new { EventName = eventName }, ManagementApi.Json)
            : Results.Problem($"{missed} of those that wait for event '{eventName}' could not be told; the server's log says why. The others have it: publishing again would tell them twice.", statusCode: StatusCodes.Status500InternalServerError);
    }

    private static object? Value(JsonElement? json) => json is { } value ? JsonValues.Unwrap(value) : null;

    private sealed record TaskResult(JsonElement? Result);

    private sealed record EventToPublish(string? CorrelationId, string? WorkflowInstanceId, string? ActivityInstanceId, JsonElement? Input);
}
