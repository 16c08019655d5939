using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Http.Outbound;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Tests;

/// <summary>Compiles small stories and runs them through the real engine, saving and loading the run wherever it waits.</summary>
internal sealed class Story : IDisposable
{
    private readonly Dictionary<string, byte[]> parts = [];

    private readonly RunEnvironment environment;

    private readonly ExecutableWorkflow workflow;

    private readonly EphemeralProtector protector = new();

    private Story(ExecutableWorkflow workflow, ActivityCatalog catalog, OutboundPolicy policy, TimeProvider time)
    {
        this.workflow = workflow;
        var services = new ServiceCollection().AddSingleton<IOutboundHttp>(new OutboundHttp(Options.Create(policy), new SystemHostResolver())).BuildServiceProvider();
        environment = new RunEnvironment { Services = services, Codec = new StateCodec(protector, StateCodec.TypesOf(catalog)), TimeProvider = time };
        Run = null!;
    }

    public WorkflowRun Run { get; private set; }

    public List<object> Effects { get; } = [];

    public List<JournalEntry> Journal { get; } = [];

    public ExecutableWorkflow Workflow => workflow;

    public string Incident => Run.Incidents.ShouldHaveSingleItem().Message;

    /// <summary>Everything that is on disk or in sight after the run.</summary>
    public string Traces => string.Join('\n', traces);

    private readonly List<string> traces = [];

    public static JsonObject Literal(object? value) => Input("Literal", value);

    public static JsonObject Input(string type, object? value) =>
        new() { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = type, ["value"] = System.Text.Json.JsonSerializer.SerializeToNode(value) } };

    public static JsonObject Activity(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id };
        foreach (var (name, value) in properties)
        {
            activity[name] = value;
        }

        return activity;
    }

    public static JsonObject Flow(JsonObject[] activities, params (string Source, string Port, string Target)[] connections) =>
        new()
        {
            ["type"] = "Elsa.Flowchart",
            ["id"] = "flow",
            ["activities"] = new JsonArray(activities),
            ["connections"] = new JsonArray([.. connections.Select(c => new JsonObject
            {
                ["source"] = new JsonObject { ["activity"] = c.Source, ["port"] = c.Port },
                ["target"] = new JsonObject { ["activity"] = c.Target, ["port"] = "In" },
            })]),
        };

    public static async Task<CompilationResult> CompileAsync(JsonObject root)
    {
        var (compiler, _) = await CompilerAsync();
        return compiler.Compile(Definition(root));
    }

    public static async Task<Story> CreateAsync(JsonObject root, OutboundPolicy? policy = null, TimeProvider? time = null)
    {
        var (compiler, catalog) = await CompilerAsync();
        return new Story(compiler.Compile(Definition(root)).Require(), catalog, policy ?? new OutboundPolicy { AllowLoopback = true }, time ?? TimeProvider.System);
    }

    public static async Task<Story> RunAsync(JsonObject root, IReadOnlyDictionary<string, object?>? input = null, OutboundPolicy? policy = null, TimeProvider? time = null)
    {
        var story = await CreateAsync(root, policy, time);
        await story.StartAsync(new RunStart { RunId = "r", Input = input ?? new Dictionary<string, object?>() });
        return story;
    }

    public async Task StartAsync(RunStart start)
    {
        Run = WorkflowRun.Create(workflow, start, environment);
        await DriveAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Loads the saved run, as after a restart, and resumes a bookmark.</summary>
    public async Task ResumeAsync(string bookmarkId, object? input)
    {
        Run = WorkflowRun.Load(workflow, parts, environment);
        Run.Resume(bookmarkId, input).ShouldBeTrue();
        await DriveAsync(TestContext.Current.CancellationToken);
    }

    public async Task DriveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (Run.Advance())
            {
                case RunStep.Wait:
                    await Run.WaitAsync(cancellationToken);
                    break;
                case RunStep.Commit or RunStep.Yield:
                    Take();
                    break;
                default:
                    Take();
                    return;
            }
        }
    }

    public object? Output(string activityId, string name)
    {
        var entry = Journal.Last(e => e.Node.Id == activityId && e.Outputs is not null);
        return entry.Outputs![entry.Node.Descriptor.Outputs.ToList().FindIndex(output => output.Name == name)];
    }

    public IReadOnlyList<string> Outcomes(string activityId) => Journal.Last(e => e.Node.Id == activityId && e.Event == JournalEvent.Completed).Details?.Outcomes?.Names ?? ["Done"];

    public bool Completed(string activityId) => Journal.Exists(e => e.Node.Id == activityId && e.Event == JournalEvent.Completed);

    public object? Note(string activityId, string key) => Journal.Last(e => e.Node.Id == activityId && e.Details?.Data is not null).Details!.Data!.GetValueOrDefault(key);

    public void Dispose() => protector.Dispose();

    private static byte[] Definition(JsonObject root) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["definitionId"] = "story",
        ["id"] = "story-1",
        ["name"] = "Story",
        ["inputs"] = new JsonArray(new JsonObject { ["name"] = "secret", ["type"] = "Secret" }, new JsonObject { ["name"] = "value", ["type"] = "Object" }),
        ["root"] = root,
    }.ToJsonString());

    private static async Task<(WorkflowCompiler Compiler, ActivityCatalog Catalog)> CompilerAsync()
    {
        var registry = new ActivityRegistry([TypedActivityProvider.FromAssemblyOf<Activity>(), TypedActivityProvider.FromAssemblyOf<OutboundPolicy>()]);
        await registry.RefreshAsync(TestContext.Current.CancellationToken);
        return (new WorkflowCompiler(registry, [], new ExpressionHost()), registry.Current);
    }

    private void Take()
    {
        var commit = Run.TakeCommit();
        foreach (var part in commit.State)
        {
            if (part.Data is null)
            {
                parts.Remove(part.Key);
            }
            else
            {
                parts[part.Key] = part.Data;
                traces.Add(Encoding.UTF8.GetString(part.Data));
            }
        }

        Journal.AddRange(commit.Journal);
        Effects.AddRange(commit.Effects);
        traces.AddRange(commit.Journal.Select(entry => JsonValues.ToJson(new { entry.Message, entry.Inputs, entry.Outputs, entry.Details?.Data, entry.Details?.Error })));
        traces.AddRange(commit.Incidents.Select(incident => JsonValues.ToJson(incident)));
        traces.AddRange(commit.NewBookmarks.Select(bookmark => JsonValues.ToJson(bookmark)));
    }
}
