using System.Text.Json;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Starting runs by hand (Elsa contract: execute and dispatch).</summary>
internal static class ExecuteEndpoints
{
    /// <summary>The designer reads nothing else of the answer.</summary>
    private const string RunId = "x-elsa-workflow-instance-id";

    private const string CannotStart = "x-elsa-workflow-cannot-start";

    public static void MapExecution(this IEndpointRouteBuilder api)
    {
        api.MapPost("/workflow-definitions/{definitionId}/execute", ExecuteAsync).Answers<Executed>().Requires(Permissions.RunsStart).Audited("run.start", "definitionId");
        api.MapPost("/workflow-definitions/{definitionId}/dispatch", DispatchAsync).Answers<RunStarted>(StatusCodes.Status202Accepted).Requires(Permissions.RunsStart).Audited("run.start", "definitionId");
    }

    /// <summary>Answers as soon as the run is stored: whoever asked watches it from there.</summary>
    private static async Task<IResult> ExecuteAsync(string definitionId, ExecuteRequest? request, HttpContext context, WorkflowRuntime runtime, IDefinitionStore store, IRunStore runs, CancellationToken cancellationToken)
    {
        var id = await StartAsync(definitionId, request, context, runtime, store, cancellationToken);
        return id is not null && await runs.FindAsync(id, cancellationToken) is { } run
            ? Results.Json(new { WorkflowState = ManagementApi.Summary(run) }, ManagementApi.Json)
            : DefinitionListEndpoints.NoStory(definitionId);
    }

    private static async Task<IResult> DispatchAsync(string definitionId, ExecuteRequest? request, HttpContext context, WorkflowRuntime runtime, IDefinitionStore store, CancellationToken cancellationToken) =>
        await StartAsync(definitionId, request, context, runtime, store, cancellationToken) is { } id
            ? Results.Json(new { WorkflowInstanceId = id }, ManagementApi.Json, statusCode: StatusCodes.Status202Accepted)
            : DefinitionListEndpoints.NoStory(definitionId);

    /// <returns>The run's id; null when there is no such version.</returns>
    private static async ValueTask<string?> StartAsync(string definitionId, ExecuteRequest? request, HttpContext context, WorkflowRuntime runtime, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var headers = context.Response.Headers;
        if (await store.FindAsync(definitionId, request?.VersionOptions is { Length: > 0 } options ? options : "Published", cancellationToken) is not { } version)
        {
            headers[CannotStart] = "True";
            return null;
        }

        try
        {
            var handle = await runtime.StartAsync(
                new StartRequest(definitionId)
                {
                    VersionId = version.Id,
                    CorrelationId = string.IsNullOrEmpty(request?.CorrelationId) ? null : request.CorrelationId,
                    TriggerActivityId = string.IsNullOrEmpty(request?.TriggerActivityId) ? null : request.TriggerActivityId,
                    Input = request?.Input?.ToDictionary(value => value.Key, value => JsonValues.Unwrap(value.Value)) ?? [],
                },
                context.User,
                cancellationToken);
            headers[RunId] = handle.RunId;
            headers[CannotStart] = "False";
            context.Tell(after: new { handle.RunId, version.Version });
            return handle.RunId;
        }
        catch (Exception e) when (e is DefinitionException or ValueConversionException or NodeBusyException or UnknownDefinitionException or StoryNotAllowedException)
        {
            // The exception handler clears the headers before it answers, and the designer looks at nothing but them.
            context.Response.OnStarting(() =>
            {
                headers[CannotStart] = "True";
                return Task.CompletedTask;
            });
            throw;
        }
    }

    private sealed record ExecuteRequest(string? CorrelationId, string? TriggerActivityId, string? VersionOptions, Dictionary<string, JsonElement>? Input);
}
