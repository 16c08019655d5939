using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Descriptors;

/// <summary>What the designer can offer, which is what this server can do (Elsa contract: descriptors).</summary>
internal static class DescriptorEndpoints
{
    /// <summary>The designer reaches for live updates only when this is there.</summary>
    private const string LiveUpdates = "Elsa.RealTimeWorkflowUpdates";

    public static void MapDescriptors(this IEndpointRouteBuilder api)
    {
        api.MapGet("/descriptors/activities", (ActivityRegistry registry) => Results.Bytes(DescriptorView.Write(registry.Current), "application/json; charset=utf-8")).Answers<Counted<ActivityFacts>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/expression-descriptors", (WorkflowCompiler compiler) =>
            List(compiler.ExpressionDescriptors.Select(language => new { language.Type, language.DisplayName, IsSerializable = true, language.IsBrowsable, language.Properties }))).Answers<Counted<ExpressionKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/variables", () => List(TypeAlias.All.Select(type => new { TypeName = type.Alias, DisplayName = type.Alias, type.Category, Description = (string?)null }))).Answers<Counted<VariableKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/storage-drivers", () => List([new { TypeName = "WorkflowInstance", DisplayName = "With the run", Priority = 5, Deprecated = false }])).Answers<Counted<StorageDriver>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/workflow-activation-strategies", () => List(
            [Named("Elsa.Workflows.ActivationStrategies.AllowAlwaysStrategy, Elsa.Workflows.Core", "Always", "Every event starts a run.")])).Answers<Counted<NamedKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/log-persistence-strategies", () => List(
            [Named("Elsa.Workflows.LogPersistence.Strategies.Include, Elsa.Workflows.Core", "Include", "Inputs and outputs are kept with the run; secrets are masked.")])).Answers<Counted<NamedKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/incident-strategies", () => List(
        [
            Named("Elsa.Workflows.IncidentStrategies.FaultStrategy, Elsa.Workflows.Core", "Fault", "The run ends when an activity fails."),
            Named("Elsa.Workflows.IncidentStrategies.ContinueWithIncidentsStrategy, Elsa.Workflows.Core", "Continue with incidents", "Other branches go on when an activity fails."),
        ])).Answers<Counted<NamedKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/commit-strategies/workflows", () => List(
        [
            Commits("ActivityExecuted", "After every activity", "The run is stored after every activity, too."),
            Commits("WorkflowExecuted", "When it rests", "The run is stored only when it waits or ends: faster, but after a crash activities are executed again."),
        ])).Answers<Counted<CommitStrategyKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/commit-strategies/activities", () => List<object>([])).Answers<Counted<CommitStrategyKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/output-converters", () => List<object>([])).Answers<Counted<NamedKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/features/installed", () => List(
            [new { Name = "RealTimeWorkflowUpdates", Namespace = "Elsa", FullName = LiveUpdates, DisplayName = "Live updates", Description = "The designer is told when a run goes on." }])).Answers<Counted<Feature>>().Requires(Permissions.StoriesRead);

        // The designer asks for the names JavaScript may use. This server runs none.
        api.MapPost("/scripting/javascript/type-definitions/{definitionId}", () => Results.Text("", "application/x-typescript")).AnswersFile("application/x-typescript").Requires(Permissions.StoriesRead);
    }

    private static IResult List<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        return Results.Json(new { Items = all, Count = all.Length }, ManagementApi.Json);
    }

    private static object Named(string typeName, string displayName, string description) => new { TypeName = typeName, DisplayName = displayName, Description = description };

    private static object Commits(string name, string displayName, string description) => new { Name = name, DisplayName = displayName, Description = description };
}
