using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Engine.Stories;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>
/// Drives a run. With <paramref name="reload"/>, the run is thrown away and made anew from its saved parts after every activity:
/// whatever a test asserts must hold either way.
/// </summary>
internal sealed class Harness(bool reload = false) : IStandardOutput, IStoryDirectory
{
    private static readonly ActivityRegistry Registry = CreateRegistry();

    private static readonly ExpressionHost DefaultHost = new();

    private readonly Dictionary<string, byte[]> parts = [];

    private readonly EphemeralProtector protector = new();

    private ExecutableWorkflow? workflow;

    private RunEnvironment? environment;

    private WorkflowRun? run;

    public List<string> Lines { get; } = [];

    public List<JournalEntry> Journal { get; } = [];

    public List<object> Effects { get; } = [];

    /// <summary>Work that was asked for, as it comes back from the store.</summary>
    public Dictionary<string, FollowUpWork> FollowUps { get; } = [];

    /// <summary>Stories that can be called.</summary>
    public Dictionary<string, JsonObject> Stories { get; } = [];

    public RunParent? Parent { get; init; }

    public Dictionary<string, Bookmark> Bookmarks { get; } = [];

    /// <summary>The most bytes that were ever saved at once.</summary>
    public int LargestState { get; private set; }

    public FakeTime Time { get; } = new();

    public World World { get; } = new();

    public RunLimits Limits { get; init; } = new();

    /// <summary>What expressions get.</summary>
    public ExpressionHost Host { get; init; } = DefaultHost;

    /// <summary>What chance says, 0 to below 1.</summary>
    public double Random { get; set; }

    public IReadOnlyDictionary<string, byte[]> Parts => parts;

    public WorkflowRun Run => run!;

    public string Output => string.Join(" ", Lines);

    public string SavedText => string.Join("\n", parts.Select(part => $"{part.Key}={Encoding.UTF8.GetString(part.Value)}"));

    public RunEnvironment Environment => environment ??= new RunEnvironment
    {
        Services = new ServiceCollection().AddSingleton<IStandardOutput>(this).AddSingleton(World).AddSingleton<IStoryDirectory>(this).BuildServiceProvider(),
        Codec = new StateCodec(protector, StateCodec.TypesOf(Registry.Current)),
        TimeProvider = Time,
        NextRandom = () => Random,
        Limits = Limits,
    };

    public static WorkflowCompiler Compiler { get; } = new(Registry, [new TestExpressions()], DefaultHost);

    public static CompilationResult Compile(JsonNode story, ExpressionHost? host = null) =>
        (host is null ? Compiler : new WorkflowCompiler(Registry, [new TestExpressions()], host)).Compile(Encoding.UTF8.GetBytes(story.ToJsonString()));

    public void WriteLine(string text) => Lines.Add(text);

    public ValueTask<ExecutableWorkflow?> FindAsync(string definitionId, string version, CancellationToken cancellationToken) =>
        new(Stories.TryGetValue(version == "Published" ? definitionId : $"{definitionId}:{version}", out var story) ? Compile(story).Require() : null);

    /// <summary>Creates the run of a story and drives it until it rests.</summary>
    public async Task<Harness> StartAsync(JsonObject story, Dictionary<string, object?>? input = null, string? trigger = null, object? payload = null)
    {
        Create(story, input, trigger, payload);
        return await DriveAsync();
    }

    public void Create(JsonObject story, Dictionary<string, object?>? input = null, string? trigger = null, object? payload = null)
    {
        if (reload)
        {
            var options = story["options"] as JsonObject ?? [];
            options["commitStrategyName"] = "ActivityExecuted";
            story["options"] = options;
        }

        workflow = Compile(story, Host).Require();
        run = WorkflowRun.Create(workflow, new RunStart { RunId = "run", Input = input ?? [], TriggerActivityId = trigger, TriggerPayload = payload, Parent = Parent, StartedBy = new Person("ann", "u-ann") }, Environment);
    }

    /// <summary>Drives until the run waits for something outside or ends.</summary>
    public async Task<Harness> DriveAsync()
    {
        while (true)
        {
            var step = run!.Advance();
            switch (step)
            {
                case RunStep.Commit:
                    Commit();
                    break;
                case RunStep.Wait:
                    await run.WaitAsync(TestContext.Current.CancellationToken);
                    break;
                case RunStep.Yield:
                    break;
                default:
                    Commit();
                    return this;
            }
        }
    }

    /// <summary>Drives as far as it goes without waiting for activities in flight.</summary>
    public RunStep Step()
    {
        while (true)
        {
            var step = run!.Advance();
            if (step is not (RunStep.Commit or RunStep.Yield))
            {
                return step;
            }

            Commit();
        }
    }

    public async Task<Harness> ResumeAsync(string activityId, object? input = null)
    {
        var bookmark = run!.Bookmarks.First(bookmark => bookmark.ActivityId == activityId);
        run.Resume(bookmark.Id, input).ShouldBeTrue();
        return await DriveAsync();
    }

    /// <summary>Tells a waiting activity how a run that it started stands, as the runtime would.</summary>
    public async Task<Harness> ReportAsync(string activityId, StartStory start, WorkflowSubStatus subStatus, Dictionary<string, object?>? output = null, string? error = null) =>
        await ResumeAsync(activityId, new ReportToParent { Parent = start.Parent, RunId = start.RunId, SubStatus = subStatus, Output = output ?? [], Error = error });

    /// <summary>Moves the clock to the earliest timer, which must be due then, and fires it.</summary>
    public async Task<Harness> FireAsync(DateTimeOffset dueAt)
    {
        var timer = run!.Timers.MinBy(timer => timer.DueAt).ShouldNotBeNull();
        timer.DueAt.ShouldBe(dueAt);
        Time.Advance(dueAt - Time.GetUtcNow());
        run.ResumeTimer(timer.Id).ShouldBeTrue();
        return await DriveAsync();
    }

    /// <summary>As a crash would: what was not committed is lost.</summary>
    public void Reload()
    {
        run = WorkflowRun.Load(workflow!, parts, Environment);
    }

    public void Commit()
    {
        var commit = run!.TakeCommit();
        foreach (var part in commit.State)
        {
            if (part.Data is null)
            {
                parts.Remove(part.Key).ShouldBeTrue($"the commit removes '{part.Key}', which is not stored");
            }
            else
            {
                parts[part.Key] = part.Data;
            }
        }

        LargestState = Math.Max(LargestState, parts.Sum(part => part.Value.Length));
        Journal.AddRange(commit.Journal);
        Effects.AddRange(commit.Effects);
        foreach (var (id, work) in commit.FollowUps)
        {
            FollowUps[id] = FollowUpWork.Decode(work.Kind, work.Encode(Environment.Codec), Environment.Codec);
        }

        foreach (var bookmark in commit.NewBookmarks)
        {
            Bookmarks[bookmark.Id] = bookmark;
        }

        foreach (var id in commit.BurnedBookmarks)
        {
            Bookmarks.Remove(id);
        }

        if (reload)
        {
            Reload();
        }
    }

    public Harness ShouldWrite(string lines)
    {
        Output.ShouldBe(lines);
        return this;
    }

    public Harness ShouldFinish(WorkflowSubStatus subStatus = WorkflowSubStatus.Finished)
    {
        run!.SubStatus.ShouldBe(subStatus, string.Join("; ", run.Incidents.Select(incident => $"{incident.ActivityId}: {incident.Message}")));
        run.Status.ShouldBe(WorkflowStatus.Finished);
        return this;
    }

    public Harness ShouldWait()
    {
        run!.SubStatus.ShouldBe(WorkflowSubStatus.Suspended, string.Join("; ", run.Incidents.Select(incident => incident.Message)));
        return this;
    }

    public Incident ShouldFault(string activityId)
    {
        ShouldFinish(WorkflowSubStatus.Faulted);
        var incident = run!.Incidents.ShouldHaveSingleItem();
        incident.ActivityId.ShouldBe(activityId);
        return incident;
    }

    private static ActivityRegistry CreateRegistry()
    {
        var registry = new ActivityRegistry([TypedActivityProvider.FromAssemblyOf<Activity>(), TypedActivityProvider.FromAssemblyOf<Harness>()]);
        registry.RefreshAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return registry;
    }
}
