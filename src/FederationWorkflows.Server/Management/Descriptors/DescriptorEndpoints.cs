using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Descriptors;

/// <summary>What the designer can offer, which is what this server can do (Elsa contract: descriptors).</summary>
internal static class DescriptorEndpoints
{
    /// <summary>As Elsa's files name it; the designer shows a variable whose place it does not know as kept nowhere.</summary>
    private const string StorageWithRun = "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core";

    public static void MapDescriptors(this IEndpointRouteBuilder api)
    {
        api.MapGet("/descriptors/activities", (ActivityRegistry registry) => Results.Bytes(DescriptorView.Write(registry.Current), "application/json; charset=utf-8")).Answers<Counted<ActivityFacts>>().Requires(Permissions.StoriesRead);
        api.MapPost("/descriptors/activities/{type}/options/{input}", Options).Answers<EditorOptions>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/expression-descriptors", (WorkflowCompiler compiler) =>
            List(compiler.ExpressionDescriptors.Select(language => new { language.Type, language.DisplayName, IsSerializable = true, language.IsBrowsable, language.Properties }))).Answers<Counted<ExpressionKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/variables", () => List(TypeAlias.All.Select(type => new { TypeName = type.Alias, DisplayName = type.Alias, type.Category, Description = (string?)null }))).Answers<Counted<VariableKind>>().Requires(Permissions.StoriesRead);
        api.MapGet("/descriptors/storage-drivers", () => List([new { TypeName = StorageWithRun, DisplayName = "With the run", Priority = 5, Deprecated = false }])).Answers<Counted<StorageDriver>>().Requires(Permissions.StoriesRead);
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
        [
            Installed("RealTimeWorkflowUpdates", "Live updates", "The designer is told when a run goes on."),
            Installed("Resilience", "Retries", "Activities that failed are tried again."),
        ])).Answers<Counted<Feature>>().Requires(Permissions.StoriesRead);

        // The designer asks for the names JavaScript may use. This server runs none.
        api.MapPost("/scripting/javascript/type-definitions/{definitionId}", () => Results.Text("", "application/x-typescript")).AnswersFile("application/x-typescript").Requires(Permissions.StoriesRead);
    }

    /// <summary>What an editor offers, asked for by one whose choices depend on other inputs. Here they never do.</summary>
    private static IResult Options(string type, string input, ActivityRegistry registry) =>
        registry.Current.Find(type)?.Inputs.FirstOrDefault(known => known.Name.Equals(input, StringComparison.OrdinalIgnoreCase)) is { } found
            ? Results.Json(new { Items = DescriptorView.EditorOf(found) ?? new Dictionary<string, object>() }, ManagementApi.Json)
            : Results.Problem($"There is no activity type '{type}' with an input '{input}'.", statusCode: StatusCodes.Status404NotFound);

    private static IResult List<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        return Results.Json(new { Items = all, Count = all.Length }, ManagementApi.Json);
    }

    private static object Named(string typeName, string displayName, string description) => new { TypeName = typeName, DisplayName = displayName, Description = description };

    /// <summary>The designer goes by the full name.</summary>
    private static Feature Installed(string name, string displayName, string description) => new(name, "Elsa", $"Elsa.{name}", displayName, description);

    private static object Commits(string name, string displayName, string description) => new { Name = name, DisplayName = displayName, Description = description };
}
