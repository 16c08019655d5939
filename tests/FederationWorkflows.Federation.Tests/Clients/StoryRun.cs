using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>
/// Runs a sequence of activities as a server would: what a host registers, a definition in JSON, and after every activity the run is made anew
/// from its saved state; what waits for time waits for the test's. Activities are written as type, id and inputs; <c>"$name"</c> reads a variable, <c>result</c> and other outputs go to
/// the variable named <c>id.output</c> where one is declared.
/// </summary>
internal sealed class StoryRun
{
    private static readonly ConditionalWeakTable<FederationHost, ActivityRegistry> Registries = [];

    private readonly Dictionary<string, byte[]> parts = [];
    private readonly WorkflowRun run;

    private StoryRun(WorkflowRun run) => this.run = run;

    public WorkflowRun Run => run;

    /// <summary>All that was ever saved, in clear as far as it is.</summary>
    public StringBuilder Saved { get; private set; } = new();

    /// <summary>The journal as a server renders it.</summary>
    public StringBuilder Journal { get; private set; } = new();

    public object? this[string variable] => run.Variables[run.Workflow.Definition.Variables.ToList().FindIndex(v => v.Name == variable)];

    public static CompilationResult Compile(FederationHost host, JsonObject[] activities, params string[] variables) =>
        new WorkflowCompiler(Registry(host), [], new ExpressionHost()).Compile(Encoding.UTF8.GetBytes(Definition(activities, variables).ToJsonString()));

    public static Task<StoryRun> RunAsync(FederationHost host, JsonObject[] activities, params string[] variables) => RunByAsync(host, [], activities, variables);

    /// <summary>A run that went through the hands of people with these roles.</summary>
    public static async Task<StoryRun> RunByAsync(FederationHost host, string[] hands, JsonObject[] activities, params string[] variables)
    {
        var workflow = Compile(host, activities, variables).Require();
        var environment = new RunEnvironment
        {
            Services = host.Services,
            Codec = new StateCodec(new EphemeralProtector(), StateCodec.TypesOf(Registry(host).Current)),
            TimeProvider = host.Clock,
        };
        var story = new StoryRun(WorkflowRun.Create(workflow, new RunStart { RunId = "run", Hands = hands }, environment));
        while (true)
        {
            switch (story.run.Advance())
            {
                case RunStep.Commit:
                    story = story.Reload(workflow, environment);
                    break;
                case RunStep.Wait:
                    await story.run.WaitAsync(TestContext.Current.CancellationToken);
                    break;
                case RunStep.Yield:
                    break;
                case RunStep.Suspended when host.Clock is ManualTime time && story.run.Timers.MinBy(static timer => timer.DueAt) is { } timer:
                    // Nothing is under way: it waits for nothing but time.
                    story = story.Reload(workflow, environment);
                    time.Advance(timer.DueAt > time.GetUtcNow() ? timer.DueAt - time.GetUtcNow() : TimeSpan.Zero);
                    story.run.ResumeTimer(timer.Id).ShouldBeTrue();
                    break;
                default:
                    story.Take();
                    return story;
            }
        }
    }

    public static JsonObject Activity(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["version"] = 1 };
        foreach (var (name, value) in properties)
        {
            activity[name] = value is JsonValue json && json.TryGetValue<string>(out var text)
                ? text switch
                {
                    ['$', .. var variable] => Expression("Variable", variable),
                    ['>', .. var variable] => new JsonObject { ["typeName"] = null, ["memoryReference"] = new JsonObject { ["id"] = variable } },
                    _ => Expression("Literal", text),
                }
                : value is JsonArray ? Expression("Object", value.ToJsonString()) : Expression("Literal", value?.DeepClone());
        }

        return activity;
    }

    public StoryRun ShouldFinish()
    {
        run.SubStatus.ShouldBe(WorkflowSubStatus.Finished, string.Join("; ", run.Incidents.Select(incident => $"{incident.ActivityId}: {incident.Message}")));
        return this;
    }

    public string ShouldFault(string activity)
    {
        run.SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        var incident = run.Incidents.ShouldHaveSingleItem();
        incident.ActivityId.ShouldBe(activity);
        return incident.Message;
    }

    private static JsonObject Expression(string type, JsonNode? value) => new() { ["typeName"] = null, ["expression"] = new JsonObject { ["type"] = type, ["value"] = value } };

    private static JsonObject Definition(JsonObject[] activities, string[] variables) => new()
    {
        ["id"] = "story:1",
        ["definitionId"] = "story",
        ["name"] = "Story",
        ["version"] = 1,
        ["options"] = new JsonObject { ["commitStrategyName"] = "ActivityExecuted" },
        ["variables"] = new JsonArray([.. variables.Select(v => v.Split(':')).Select(v => new JsonObject { ["id"] = v[0], ["name"] = v[0], ["typeName"] = v.Length > 1 ? v[1] : "Object" })]),
        ["root"] = new JsonObject { ["type"] = "Elsa.Sequence", ["id"] = "sequence", ["version"] = 1, ["activities"] = new JsonArray([.. activities.Select(activity => activity.DeepClone())]) },
    };

    private static ActivityRegistry Registry(FederationHost host) => Registries.GetValue(host, MakeRegistry);

    private static ActivityRegistry MakeRegistry(FederationHost host)
    {
        var registry = new ActivityRegistry([TypedActivityProvider.FromAssemblyOf<Activity>(), .. host.Services.GetServices<IActivityProvider>()]);
        registry.RefreshAsync(TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult();
        return registry;
    }

    private StoryRun Reload(ExecutableWorkflow workflow, RunEnvironment environment)
    {
        Take();
        var next = new StoryRun(WorkflowRun.Load(workflow, parts, environment)) { Saved = Saved, Journal = Journal };
        foreach (var (key, data) in parts)
        {
            next.parts[key] = data;
        }

        return next;
    }

    private void Take()
    {
        var commit = run.TakeCommit();
        foreach (var part in commit.State)
        {
            if (part.Data is null)
            {
                parts.Remove(part.Key);
                continue;
            }

            parts[part.Key] = part.Data;
            Saved.AppendLine(Encoding.UTF8.GetString(part.Data));
        }

        foreach (var entry in commit.Journal)
        {
            Journal.AppendLine($"{entry.Node.Id} {entry.Event} {entry.Message} {JsonValues.ToJson(entry.Inputs)} {JsonValues.ToJson(entry.Outputs)} {entry.Details?.Error} {JsonValues.ToJson(entry.Details?.Data)}");
        }
    }
}
