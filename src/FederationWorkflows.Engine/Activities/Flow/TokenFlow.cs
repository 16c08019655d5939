namespace FederationWorkflows.Engine.Activities;

/// <summary>The tokens under way in a flowchart: the index of the connection each is on.</summary>
internal sealed class TokenFlowState
{
    public List<int> Tokens { get; set; } = [];
}

/// <summary>Elsa's token flow: a completed child puts a token on each connection it follows, and the target's merge mode decides what an arrival means.</summary>
internal sealed class TokenFlow : IFlow
{
    public static readonly TokenFlow Instance = new();

    public void Follow(FlowStep step, ActivityNode completed, Outcomes outcomes)
    {
        if (step.Context.ContainerState is not TokenFlowState state)
        {
            step.Context.ContainerState = state = new TokenFlowState();
        }

        var graph = step.Graph;
        var active = Array.FindAll(graph.Outbound(completed), connection => outcomes.Names.Contains(connection.Port));
        state.Tokens.AddRange(active.Select(connection => connection.Index));

        // However many arrived at the child, this one execution took them all.
        state.Tokens.RemoveAll(token => Array.Exists(graph.Inbound(completed), connection => connection.Index == token));
        var modes = ((Flowchart)step.Context.Node.Activity).MergeModes;
        var losers = new HashSet<ActivityNode>();
        foreach (var connection in active)
        {
            // What lost a race in this very step does not begin after it.
            if (!losers.Contains(connection.Target))
            {
                Arrive(step, state, connection, modes[connection.Target.Ordinal], losers);
            }
        }

        // The last way a stream waited for may have ended elsewhere: what it held back goes on now.
        foreach (var target in state.Tokens.Select(token => graph.Connection(token).Target).Where(target => modes[target.Ordinal] == MergeMode.Stream).Distinct().ToArray())
        {
            if (!step.IsLive(target) && IsNothingUnderWay(step, state, target))
            {
                step.Schedule(target);
            }
        }
    }

    public bool IsWaiting(ActivityExecutionContext context) => context.ContainerState is TokenFlowState { Tokens.Count: > 0 };

    public string Explain(FlowGraph graph, ActivityExecutionContext context)
    {
        var modes = ((Flowchart)context.Node.Activity).MergeModes;
        var state = context.ContainerState as TokenFlowState ?? new TokenFlowState();
        var waiting = context.Node.Children.Where(child => HasArrival(state, graph.Inbound(child))).Select(child =>
        {
            var missing = graph.Inbound(child).Where(way => !HasArrival(state, [way])).Select(way => $"'{way.Source.Id}' ({way.Port})");
            return $"'{child.Id}' (merge mode {modes[child.Ordinal]}) waits for {string.Join(" and ", missing)}";
        });
        return $"Flowchart '{context.Node.Id}' cannot go on: {string.Join("; ", waiting)}, and nothing is under way there any more. Use merge mode Stream, or join only ways that are always taken.";
    }

    private static void Arrive(FlowStep step, TokenFlowState state, FlowConnection connection, MergeMode mode, HashSet<ActivityNode> losers)
    {
        var target = connection.Target;
        var schedules = mode switch
        {
            MergeMode.Stream => IsNothingUnderWay(step, state, target),
            MergeMode.Merge => HaveAllArrived(state, step.Graph.ForwardInbound(target)),
            MergeMode.Converge => HaveAllArrived(state, step.Graph.Inbound(target)),
            MergeMode.Race => !step.IsLive(target),
            _ => true,
        };
        if (!schedules)
        {
            return;
        }

        step.Schedule(target);
        if (mode == MergeMode.Race)
        {
            // The losers end with everything that is under way to them.
            losers.UnionWith(step.Graph.Ancestors(target));
            step.Cancel(losers);
            state.Tokens.RemoveAll(token => losers.Any(loser => Array.Exists(step.Graph.Inbound(loser), way => way.Index == token)));
        }
    }

    private static bool IsNothingUnderWay(FlowStep step, TokenFlowState state, ActivityNode target) =>
        !Array.Exists(step.Graph.ForwardInbound(target), way => HasArrival(state, step.Graph.Inbound(way.Source)));

    private static bool HaveAllArrived(TokenFlowState state, FlowConnection[] ways) =>
        ways.Length <= 1 || Array.TrueForAll(ways, way => state.Tokens.Contains(way.Index));

    private static bool HasArrival(TokenFlowState state, FlowConnection[] ways) => Array.Exists(ways, way => state.Tokens.Contains(way.Index));
}
