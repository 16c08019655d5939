using System.Text.Json.Nodes;
using System.Text.Json;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Definitions;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Trying a single activity (Elsa contract: tests).</summary>
internal static class ActivityTestEndpoints
{
    /// <summary>It executes what a run would only get to after approvals and conditions: that is for those who may change the story anyway.</summary>
    public static void MapActivityTests(this IEndpointRouteBuilder api) => api.MapPost("/tests/activities", ExecuteAsync).Answers<ActivityTested>().Requires(Permissions.StoriesWrite).Audited("activity.test");

    private static async Task<IResult> ExecuteAsync(TestRequest request, HttpContext context, ActivityTest test, IDefinitionStore store, CancellationToken cancellationToken)
    {
        var handle = request.WorkflowDefinitionHandle;
        var version = handle?.DefinitionVersionId is { Length: > 0 } versionId ? await store.FindVersionAsync(versionId, cancellationToken)
            : handle?.DefinitionId is { Length: > 0 } definitionId ? await store.FindLatestAsync(definitionId, cancellationToken)
            : null;
        if (version is null)
        {
            throw ManagementBody.Wrong("unknown-version", "There is no such version of a story. Name one in \"workflowDefinitionHandle\".", "$.workflowDefinitionHandle");
        }

        var definition = ManagementBody.Parse(version.Json);
        var activity = request.ActivityHandle is { ActivityNodeId: { Length: > 0 } nodeId } ? ActivityTree.Find(definition["root"], nodeId)
            : request.ActivityHandle is { ActivityId: { Length: > 0 } id } ? FindById(definition["root"], id)
            : null;
        if (activity is null)
        {
            throw ManagementBody.Wrong("unknown-activity", "There is no such activity in this version. Name one in \"activityHandle\".", "$.activityHandle");
        }

        UseTestValues(definition);
        try
        {
            var result = await test.ExecuteAsync(definition, activity, context.User, cancellationToken);
            return Answer(result.ActivityState, result.Payload, result.Outputs, result.Exception is null ? null : ExecutionView.Error(result.Exception), result.Status);
        }
        catch (DefinitionException e)
        {
            // It names what only the whole story has, or is not finished: that is the outcome of the test.
            var error = new ErrorInfo(nameof(DefinitionException), string.Join(' ', e.Problems.Select(problem => problem.Message)), null);
            return Answer(new Dictionary<string, JsonElement>(), new Dictionary<string, JsonElement>(), new Dictionary<string, JsonElement>(), ExecutionView.Error(error), ActivityStatus.Faulted);
        }
    }

    private static IResult Answer(object state, object payload, object outputs, object? exception, ActivityStatus status) =>
        Results.Json(new { ActivityState = state, Payload = payload, Outputs = outputs, Exception = exception, Status = status }, ManagementApi.Json);

    private static JsonObject? FindById(JsonNode? root, string id)
    {
        JsonObject? found = null;
        ActivityTree.Visit(root, null, (activity, _, _) => found ??= ActivityTree.Text(activity, "id") == id ? activity : null);
        return found;
    }

    /// <summary>The values the author set for testing, by variable (Elsa contract: VariableTestValues).</summary>
    private static void UseTestValues(JsonObject definition)
    {
        if (definition["customProperties"] is not JsonObject custom || custom["VariableTestValues"] is not JsonObject values || definition["variables"] is not JsonArray variables)
        {
            return;
        }

        foreach (var variable in variables.OfType<JsonObject>())
        {
            if (ActivityTree.Text(variable, "id") is { } id && values[id] is { } value)
            {
                variable["value"] = value.DeepClone();
            }
        }
    }

    private sealed record TestRequest(DefinitionHandle? WorkflowDefinitionHandle, ActivityHandle? ActivityHandle) : IAuditedRequest;

    private sealed record DefinitionHandle(string? DefinitionId, string? DefinitionVersionId);

    private sealed record ActivityHandle(string? ActivityId, string? ActivityNodeId);
}
