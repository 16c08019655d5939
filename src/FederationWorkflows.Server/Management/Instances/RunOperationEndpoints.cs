using System.Security.Claims;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Cancelling, deleting and retrying runs, one or many, as Elsa Server's API has it.</summary>
internal static class RunOperationEndpoints
{
    private const int PageSize = 100;

    public static void MapRunOperations(this IEndpointRouteBuilder api)
    {
        api.MapDelete("/workflow-instances/{id}", DeleteAsync).Answers(StatusCodes.Status204NoContent).Requires(Permissions.RunsOperate).Audited("run.delete", "id");
        api.MapPost("/bulk-actions/delete/workflow-instances/by-id", DeleteSeveralAsync).Answers<HowManyDeleted>().Requires(Permissions.RunsOperate).Audited("run.delete");
        api.MapPost("/cancel/workflow-instances/{id}", CancelAsync).Answers<RunsCancelled>().Requires(Permissions.RunsOperate).Audited("run.cancel", "id");
        api.MapPost("/bulk-actions/cancel/workflow-instances", CancelSeveralAsync).Answers<RunsCancelled>().Requires(Permissions.RunsOperate).Audited("run.cancel");
        api.MapPost("/alterations/submit", AlterAsync).Answers<AlterationPlan>().Requires(Permissions.RunsOperate).Audited("run.cancel");
        api.MapPost("/alterations/workflows/retry", RetrySeveralAsync).Answers<RunsRetried>().Requires(Permissions.RunsOperate).Audited("run.retry");
    }

    /// <summary>Deleting what is not there is done: a client that lost the answer asks again.</summary>
    private static async Task<IResult> DeleteAsync(string id, HttpContext context, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        await DeleteAllAsync([id], context.User, runtime, runs, cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> DeleteSeveralAsync(Ids request, HttpContext context, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken) =>
        Results.Json(new { Deleted = await DeleteAllAsync(request.List, context.User, runtime, runs, cancellationToken) }, ManagementApi.Json);

    /// <summary>What goes on is cancelled first, so that nothing waits any more for a run that is gone.</summary>
    private static async Task<int> DeleteAllAsync(IReadOnlyList<string> ids, ClaimsPrincipal caller, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            await runtime.CancelAsync(id, caller, cancellationToken);
        }

        return await runs.DeleteAsync(ids, cancellationToken);
    }

    private static async Task<IResult> CancelAsync(string id, HttpContext context, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        var isCancelled = await context.CancelToldAsync(id, runtime, runs, cancellationToken);
        return isCancelled || await runs.FindAsync(id, cancellationToken) is not null
            ? Results.Json(new { Cancelled = isCancelled ? 1 : 0 }, ManagementApi.Json)
            : ManagementApi.NoRun(id);
    }

    /// <summary>Cancels a run, and tells the audit log how it was and how it is.</summary>
    /// <returns>False when it had ended, or does not exist.</returns>
    public static async Task<bool> CancelToldAsync(this HttpContext context, string id, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        var before = await runs.FindAsync(id, cancellationToken);
        var isCancelled = await runtime.CancelAsync(id, context.User, cancellationToken);
        context.Tell(id, StateOf(before), StateOf(await runs.FindAsync(id, cancellationToken)));
        return isCancelled;

        static object? StateOf(RunSummary? run) => run is null ? null : new { run.Identity.DefinitionId, run.SubStatus };
    }

    private static async Task<IResult> CancelSeveralAsync(CancelRequest request, HttpContext context, WorkflowRuntime runtime, IRunStore runs, IDefinitionStore definitions, CancellationToken cancellationToken)
    {
        var cancelled = 0;
        foreach (var id in request.Ids ?? [])
        {
            cancelled += await runtime.CancelAsync(id, context.User, cancellationToken) ? 1 : 0;
        }

        if (request.DefinitionVersionId is { Length: > 0 } versionId)
        {
            if (await definitions.FindVersionAsync(versionId, cancellationToken) is not { } version)
            {
                return ManagementApi.Wrong($"There is no version '{versionId}' of a story.");
            }

            cancelled += await CancelAllAsync(new RunQuery { DefinitionIds = [version.DefinitionId], Versions = [version.Version] }, context.User, runtime, runs, cancellationToken);
        }
        else if (request.DefinitionId is { Length: > 0 } definitionId)
        {
            cancelled += await CancelAllAsync(new RunQuery { DefinitionIds = [definitionId] }, context.User, runtime, runs, cancellationToken);
        }

        context.Tell(after: new { Asked = request, Cancelled = cancelled });
        return Results.Json(new { Cancelled = cancelled }, ManagementApi.Json);
    }

    /// <summary>Of Elsa's alterations, cancelling all runs that a filter means. It is done when this answers.</summary>
    private static async Task<IResult> AlterAsync(AlterationRequest request, HttpContext context, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        if (request.Alterations is not { Count: > 0 } alterations || alterations.Any(alteration => alteration.Type != "Cancel"))
        {
            return ManagementApi.Wrong("Of alterations, this server knows \"Cancel\".");
        }

        var filter = request.Filter ?? new AlterationFilter();
        if (filter.ToRunFilter().ToQuery(out var problem) is not { } query)
        {
            return ManagementApi.Wrong(problem!);
        }

        var cancelled = 0;
        if (filter.WorkflowInstanceIds is { Count: > 0 } ids)
        {
            foreach (var id in ids)
            {
                cancelled += await runtime.CancelAsync(id, context.User, cancellationToken) ? 1 : 0;
            }
        }
        else if (filter.EmptyFilterSelectsAll || filter.NamesSomething)
        {
            cancelled = await CancelAllAsync(query, context.User, runtime, runs, cancellationToken);
        }
        else
        {
            return ManagementApi.Wrong("The filter is empty. Set \"emptyFilterSelectsAll\" to cancel all runs.");
        }

        context.Tell(after: new { Asked = request, Cancelled = cancelled });
        return Results.Json(new { PlanId = runtime.NewRunId() }, ManagementApi.Json);
    }

    private static async Task<IResult> RetrySeveralAsync(RetryRequest request, HttpContext context, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        if (request.ActivityIds is { Count: > 0 })
        {
            return ManagementApi.Wrong("A run is retried from all activities that failed: leave \"activityIds\" out.");
        }

        var results = new List<object>();
        foreach (var id in request.WorkflowInstanceIds ?? [])
        {
            results.Add(new { WorkflowInstanceId = id, IsSuccessful = await runtime.RetryAsync(id, context.User, cancellationToken) });
        }

        return Results.Json(new { Results = results }, ManagementApi.Json);
    }

    /// <summary>Cancels what goes on among the runs of a query, those that begin meanwhile left out.</summary>
    private static async Task<int> CancelAllAsync(RunQuery query, ClaimsPrincipal caller, WorkflowRuntime runtime, IRunStore runs, CancellationToken cancellationToken)
    {
        var cancelled = 0;
        query = query with { Status = WorkflowStatus.Running, OrderBy = RunOrder.Created, Ascending = false, Skip = 0, Take = PageSize, CountTotal = false };
        while (true)
        {
            var page = await runs.ListAsync(query, cancellationToken);
            foreach (var run in page.Items)
            {
                cancelled += await runtime.CancelAsync(run.Identity.Id, caller, cancellationToken) ? 1 : 0;
            }

            if (page.Items.Count < PageSize)
            {
                return cancelled;
            }

            query = query with { After = RunCursor.Of(page.Items[^1]) };
        }
    }

    private sealed record Ids([property: System.Text.Json.Serialization.JsonPropertyName("ids")] IReadOnlyList<string>? Values) : IAuditedRequest
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public IReadOnlyList<string> List => Values ?? [];
    }

    private sealed record CancelRequest(IReadOnlyList<string>? Ids, string? DefinitionVersionId, string? DefinitionId) : IAuditedRequest;

    private sealed record RetryRequest(IReadOnlyList<string>? ActivityIds, IReadOnlyList<string>? WorkflowInstanceIds) : IAuditedRequest;

    private sealed record AlterationRequest(IReadOnlyList<Alteration>? Alterations, AlterationFilter? Filter) : IAuditedRequest;

    private sealed record Alteration(string? Type);

    private sealed record AlterationFilter
    {
        public bool EmptyFilterSelectsAll { get; init; }

        public IReadOnlyList<string>? WorkflowInstanceIds { get; init; }

        public string? SearchTerm { get; init; }

        public IReadOnlyList<string>? DefinitionIds { get; init; }

        public IReadOnlyList<string>? CorrelationIds { get; init; }

        public IReadOnlyList<string>? Statuses { get; init; }

        public IReadOnlyList<string>? SubStatuses { get; init; }

        public bool? HasIncidents { get; init; }

        public IReadOnlyList<TimestampFilter>? TimestampFilters { get; init; }

        public bool NamesSomething =>
            !string.IsNullOrWhiteSpace(SearchTerm) || HasIncidents is not null || new[] { DefinitionIds?.Count, CorrelationIds?.Count, Statuses?.Count, SubStatuses?.Count, TimestampFilters?.Count }.Any(count => count > 0);

        public RunFilter ToRunFilter() => new()
        {
            SearchTerm = SearchTerm,
            DefinitionIds = DefinitionIds,
            CorrelationId = CorrelationIds?.Count == 1 ? CorrelationIds[0] : null,
            Statuses = Statuses,
            SubStatuses = SubStatuses,
            HasIncidents = HasIncidents,
            TimestampFilters = TimestampFilters,
        };
    }
}
