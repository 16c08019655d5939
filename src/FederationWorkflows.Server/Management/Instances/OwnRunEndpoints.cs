using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>What one can do with runs that Elsa Server's API has no words for.</summary>
internal static class OwnRunEndpoints
{
    public static void MapOwnRuns(this IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", ListAsync).Answers<RunPage>().Requires(Permissions.RunsRead);
        api.MapPost("/runs/{id}/retry", RetryAsync).Answers<RunStarted>(StatusCodes.Status202Accepted).Requires(Permissions.RunsOperate).Audited("run.retry", "id");
        api.MapPost("/runs/{id}/rerun", RerunAsync).Answers<RunStarted>(StatusCodes.Status202Accepted).Requires(Permissions.RunsOperate).Audited("run.repeat", "id");
    }

    /// <summary>A page by place: its cost does not grow with how far one has come, and runs that begin meanwhile shift nothing.</summary>
    private static async Task<IResult> ListAsync([AsParameters] ListParameters parameters, IRunStore runs, CancellationToken cancellationToken)
    {
        RunCursor? after = null;
        if (parameters.Cursor is { Length: > 0 } text && !CursorText.TryParse(text, out after))
        {
            return ManagementApi.Wrong("The cursor is none that this server gave. Leave it out to begin.");
        }

        if (parameters.Limit is < 1 or > 1000)
        {
            return ManagementApi.Wrong("The limit must be from 1 to 1000.");
        }

        if (parameters.ToFilter().ToQuery(out var problem) is not { } query)
        {
            return ManagementApi.Wrong(problem!);
        }

        var page = await runs.ListAsync(query with { After = after, CountTotal = false }, cancellationToken);
        return Results.Json(
            new { Items = page.Items.Select(ManagementApi.Summary), Next = page.Items.Count == query.Take ? CursorText.Of(RunCursor.Of(page.Items[^1], query.OrderBy)) : null },
            ManagementApi.Json);
    }

    private static async Task<IResult> RetryAsync(string id, HttpContext context, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        if (await runtime.RetryAsync(id, context.User, cancellationToken))
        {
            return Results.Json(new { WorkflowInstanceId = id }, ManagementApi.Json, statusCode: StatusCodes.Status202Accepted);
        }

        return await runs.FindAsync(id, cancellationToken) is { } run
            ? Results.Problem($"Run {id} is {run.SubStatus}, and only a faulted run of a version that is still there can be retried.", statusCode: StatusCodes.Status409Conflict)
            : ManagementApi.NoRun(id);
    }

    private static async Task<IResult> RerunAsync(string id, HttpContext context, WorkflowRuntime runtime, IRunStore runs, IOptions<JsonOptions> json, CancellationToken cancellationToken)
    {
        var request = await ReadAsync(context.Request, json.Value.SerializerOptions, cancellationToken);
        if (request is { Input: null })
        {
            return ManagementApi.Wrong("The body must be {\"input\":{\"name\":value}}, or empty for the same input again.");
        }

        if (await runtime.RerunAsync(id, request?.Input.ToDictionary(value => value.Key, value => JsonValues.Unwrap(value.Value)), context.User, cancellationToken) is { } handle)
        {
            context.Tell(after: new { handle.RunId });
            return Results.Json(new { WorkflowInstanceId = handle.RunId }, ManagementApi.Json, statusCode: StatusCodes.Status202Accepted);
        }

        return await runs.FindAsync(id, cancellationToken) is { } run
            ? Results.Problem($"The version of story '{run.Identity.DefinitionId}' that run {id} belongs to was deleted. Start the story anew.", statusCode: StatusCodes.Status409Conflict)
            : ManagementApi.NoRun(id);
    }

    /// <summary>The body may be left out, whatever type a client gives to none: the same input again.</summary>
    private static async ValueTask<RerunRequest?> ReadAsync(HttpRequest request, JsonSerializerOptions options, CancellationToken cancellationToken)
    {
        if (request.ContentLength is null or 0 && !request.HasJsonContentType())
        {
            return null;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync<RerunRequest>(request.Body, options, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("The body cannot be read.", e);
        }
    }

    private sealed record RerunRequest(Dictionary<string, JsonElement>? Input);

    private sealed record ListParameters(
        string? DefinitionId,
        int? Version,
        string? Status,
        string[]? SubStatus,
        string? CorrelationId,
        string? Search,
        bool? HasIncidents,
        DateTimeOffset? From,
        DateTimeOffset? To,
        string? OrderBy,
        bool? Ascending,
        int? Limit,
        string? Cursor)
    {
        public RunFilter ToFilter() => new()
        {
            DefinitionId = DefinitionId,
            Version = Version,
            Status = Status,
            SubStatuses = SubStatus,
            CorrelationId = CorrelationId,
            SearchTerm = Search,
            HasIncidents = HasIncidents,
            OrderBy = OrderBy,
            OrderDirection = Ascending is true ? "Ascending" : "Descending",
            PageSize = Limit,
            TimestampFilters =
            [
                .. From is { } from ? new[] { new TimestampFilter("CreatedAt", "GreaterThanOrEqual", from) } : [],
                .. To is { } to ? new[] { new TimestampFilter("CreatedAt", "LessThan", to) } : [],
            ],
        };
    }
}
