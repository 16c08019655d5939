using System.Text.Json;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Activities;

/// <summary>One end of a connection in the definition.</summary>
internal sealed record FlowEndpoint(string? Activity, string? Port);

/// <summary>A connection in the definition.</summary>
internal sealed record FlowConnectionModel(FlowEndpoint? Source, FlowEndpoint? Target);

/// <summary>What a flowchart remembers of one execution.</summary>
internal static class FlowStates
{
    public static IReadOnlyList<Type> Types { get; } = [typeof(VisitFlowState), typeof(TokenFlowState)];
}

/// <summary>
/// Runs its activities along their connections. Stock Elsa counts visits and ignores merge modes; so does a chart here that sets none.
/// A chart that sets one on any activity is run with tokens, which is where Elsa gives merge modes their meaning.
/// </summary>
[Activity("Elsa", "Flow", "A flowchart is a collection of activities and connections between them.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false, IsContainer = true)]
internal sealed class Flowchart : Activity, ICompiled, IExplainsWaiting
{
    private readonly ActivityCompletionCallback onChildCompleted;

    private FlowGraph?[] graphs = [];

    private List<FlowConnection> connections = [];

    private IFlow flow = VisitFlow.Instance;

    public Flowchart()
    {
        onChildCompleted = OnChildCompletedAsync;
    }

    public IList<IActivity> Activities { get; set; } = [];

    public IList<FlowConnectionModel?> Connections { get; set; } = [];

    public IActivity? Start { get; set; }

    /// <summary>How activities with several ways in are entered, by ordinal.</summary>
    public MergeMode[] MergeModes { get; private set; } = [];

    public void OnCompiled(NodeCompilation compilation)
    {
        var children = Node.ChildList;
        graphs = new FlowGraph?[children.Count];
        MergeModes = new MergeMode[children.Count];
        var byId = children.ToDictionary(child => child.Id);
        connections = ReadConnections(compilation, byId);
        foreach (var child in children)
        {
            var text = child.CustomProperty("mergeMode") is { ValueKind: JsonValueKind.String } mode ? mode.GetString() : null;
            if (child.Activity is FlowJoin join)
            {
                MergeModes[child.Ordinal] = join.FixedMode == FlowJoinMode.WaitAny ? MergeMode.Race : MergeMode.Merge;
            }
            else if (Enum.TryParse<MergeMode>(text, ignoreCase: true, out var parsed) && parsed.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                MergeModes[child.Ordinal] = parsed;
                flow = TokenFlow.Instance;
            }
        }
    }

    public string ExplainWaiting(ActivityExecutionContext context) => flow.Explain(GraphOf(context), context);

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (FindStart(context) is not { } start)
        {
            return context.CompleteActivityAsync();
        }

        context.Cursor = start.Ordinal;
        context.Schedule(start, onChildCompleted, null);
        return ValueTask.CompletedTask;
    }

    private ValueTask OnChildCompletedAsync(ActivityCompletedContext completed)
    {
        var context = completed.TargetContext;
        if (completed.ChildContext.IsTerminal())
        {
            return context.CompleteActivityAsync();
        }

        flow.Follow(new FlowStep(GraphOf(context), context, onChildCompleted), completed.ChildContext.Node, completed.Outcomes);

        // What the last child scheduled is linked already; a child that failed keeps the chart open.
        return context.FirstChild is null && !flow.IsWaiting(context) ? context.CompleteActivityAsync() : ValueTask.CompletedTask;
    }

    private FlowGraph GraphOf(ActivityExecutionContext context)
    {
        // Two runs may make the same graph at once; either is as good.
        ref var graph = ref graphs[context.Cursor];
        return Volatile.Read(ref graph) ?? (graph = new FlowGraph(Node.ChildList, connections, Node.ChildList[context.Cursor]));
    }

    private ActivityNode? FindStart(ActivityExecutionContext context)
    {
        var children = Node.ChildList;
        if (context.Run.Trigger is { } trigger && trigger.Parent == Node && context.Run.IsUnusedTrigger(trigger))
        {
            return trigger;
        }

        if (Start is Activity start)
        {
            return start.Node;
        }

        ActivityNode? canStart = null;
        ActivityNode? free = null;
        foreach (var child in children)
        {
            if (child.Activity is Activities.Start)
            {
                return child;
            }

            canStart ??= child.CanStartWorkflow ? child : null;
            free ??= connections.Exists(connection => connection.Target == child) ? null : child;
        }

        return canStart ?? free ?? (children.Count > 0 ? children[0] : null);
    }

    private List<FlowConnection> ReadConnections(NodeCompilation compilation, Dictionary<string, ActivityNode> byId)
    {
        var result = new List<FlowConnection>();
        var known = new HashSet<(ActivityNode, string, ActivityNode)>();
        for (var i = 0; i < Connections.Count; i++)
        {
            var path = $".connections[{i}]";
            var source = Resolve(Connections[i]?.Source, path + ".source");
            var target = Resolve(Connections[i]?.Target, path + ".target");
            if (source is null || target is null)
            {
                continue;
            }

            var port = Connections[i]!.Source!.Port is { Length: > 0 } named ? named : Outcomes.Done;
            if (known.Add((source, port, target)))
            {
                result.Add(new FlowConnection(result.Count, source, port, target));
            }
        }

        return result;

        ActivityNode? Resolve(FlowEndpoint? endpoint, string path)
        {
            if (endpoint?.Activity is { Length: > 0 } id && byId.TryGetValue(id, out var node))
            {
                return node;
            }

            compilation.Report("dangling-connection", endpoint?.Activity is { Length: > 0 } missing
                ? $"The connection names the activity '{missing}', which this flowchart does not hold. {Suggestion.Among(missing, byId.Keys, "Connect existing activities, or remove the connection")}"
                : "The connection names no activity. Give it \"source\":{\"activity\":\"id\",\"port\":\"Done\"} and \"target\":{\"activity\":\"id\"}.", path);
            return null;
        }
    }
}

/// <summary>One step of a flowchart: a child has completed.</summary>
/// <param name="Graph">The connections.</param>
/// <param name="Context">The flowchart's execution.</param>
/// <param name="OnChildCompleted">To be called back by what is scheduled.</param>
internal readonly record struct FlowStep(FlowGraph Graph, ActivityExecutionContext Context, ActivityCompletionCallback OnChildCompleted)
{
    public void Schedule(ActivityNode child) => Context.Schedule(child, OnChildCompleted, null);

    public bool IsLive(ActivityNode child)
    {
        for (var live = Context.FirstChild; live is not null; live = live.NextSibling)
        {
            if (live.Node == child)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Cancels what is live among the given children.</summary>
    public List<ActivityNode> Cancel(HashSet<ActivityNode> children)
    {
        var cancelled = new List<ActivityNode>();
        foreach (var live in Context.Children().Where(live => children.Contains(live.Node)).ToArray())
        {
            Context.Run.Cancel(live);
            cancelled.Add(live.Node);
        }

        return cancelled;
    }
}

/// <summary>A way to decide which children execute next. It has no state of its own; that is in the flowchart's execution.</summary>
internal interface IFlow
{
    /// <summary>Schedules what a completed child leads to.</summary>
    void Follow(FlowStep step, ActivityNode completed, Outcomes outcomes);

    /// <summary>Whether something beside live children keeps the flowchart open.</summary>
    bool IsWaiting(ActivityExecutionContext context);

    /// <summary>What it still waits for, when nothing can happen any more.</summary>
    string Explain(FlowGraph graph, ActivityExecutionContext context);
}
