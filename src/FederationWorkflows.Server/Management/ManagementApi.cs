using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Definitions;
using FederationWorkflows.Server.Management.Descriptors;
using FederationWorkflows.Server.Management.Instances;
using FederationWorkflows.Server.Management.Live;
using FederationWorkflows.Server.Approvals;
using FederationWorkflows.Server.Federation;
using FederationWorkflows.Server.Secrets;
using FederationWorkflows.Server.Webhooks;

namespace FederationWorkflows.Server.Management;

/// <summary>
/// The management API: what Elsa Server has is below <c>/elsa/api</c> in its shapes, what only this product has is below <c>/api</c>.
/// Every endpoint names the permission it needs.
/// </summary>
internal static class ManagementApi
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static IServiceCollection AddManagementApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new RequestValueConverter()));

        // By itself a request that cannot be read is answered with its status only, and why is for the log.
        services.Configure<RouteHandlerOptions>(route => route.ThrowOnBadRequest = true);
        return services.AddSingleton<DefinitionView>().AddSingleton<DefinitionSaving>().AddLiveUpdates();
    }

    public static void MapManagementApi(this IEndpointRouteBuilder routes)
    {
        var elsa = routes.MapGroup("/elsa/api");
        var own = routes.MapGroup("/api");
        elsa.MapDefinitionLists();
        elsa.MapDefinitionSaving();
        elsa.MapDefinitionBulkActions();
        elsa.MapDefinitionFiles();
        elsa.MapSubgraphs();
        elsa.MapExecution();
        elsa.MapDescriptors();
        elsa.MapActivityTests();
        elsa.MapExecutions();
        elsa.MapResilience();
        elsa.MapRuns();
        elsa.MapRunLists();
        elsa.MapRunOperations();
        elsa.MapSignals();
        elsa.MapRunArchives();
        elsa.MapSecrets();
        routes.MapLiveUpdates();
        own.MapOwnRuns();
        own.MapOpenTasks();
        own.MapNodes();
        own.MapSuspension();
        own.MapDefinitionProblems();
        own.MapWebhookList();
        own.MapSecretUses();
        own.MapConnections();
        own.MapSignIn();
        own.MapAudit();
        own.MapApprovals();
    }

    /// <summary>A run in a list (Elsa contract: workflow instance summary).</summary>
    public static object Summary(RunSummary run) => new
    {
        run.Identity.Id,
        run.Identity.DefinitionId,
        run.Identity.DefinitionVersionId,
        ParentWorkflowInstanceId = run.Identity.ParentId,
        run.Identity.Version,
        run.Status,
        run.SubStatus,
        run.Identity.CorrelationId,
        run.Name,
        run.IncidentCount,
        run.Identity.CreatedAt,
        run.UpdatedAt,
        run.FinishedAt,
    };

    /// <summary>Definitions nest deeper than the serializer goes by itself.</summary>
    public static IResult Answer(JsonNode json) => Results.Text(json.ToJsonString(), "application/json; charset=utf-8", System.Text.Encoding.UTF8);

    public static IResult NoRun(string id) => Results.Problem($"There is no run '{id}'.", statusCode: StatusCodes.Status404NotFound);

    public static IResult Wrong(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
}
