namespace FederationWorkflows.Engine.Activities;

/// <summary>How often children and connections have been visited; by ordinal and index.</summary>
internal sealed class VisitFlowState
{
    public int[] Children { get; set; } = [];

    public int[] Connections { get; set; } = [];

    public bool[] Followed { get; set; } = [];

    /// <summary>Children that were entered through a backward connection and have not completed since; a child may be entered so more than once.</summary>
    public List<int> EnteredBackward { get; set; } = [];
}

/// <summary>
/// Stock Elsa's flow: a completed child visits all of its connections, followed or not, so that a join behind a way that was not taken
/// learns of it. An activity with several ways in executes once all of them were visited and at least one was followed.
/// </summary>
internal sealed class VisitFlow : IFlow
{
    public static readonly VisitFlow Instance = new();

    public void Follow(FlowStep step, ActivityNode completed, Outcomes outcomes)
    {
        var state = StateOf(step);
        if (!step.Graph.IsReachable(completed))
        {
            throw new InvalidOperationException($"Activity '{completed.Id}' completed, but no connection leads to it from the start '{step.Graph.Start.Id}'.");
        }

        Visit(step, state, completed, outcomes);
    }

    public bool IsWaiting(ActivityExecutionContext context) => false;

    public string Explain(FlowGraph graph, ActivityExecutionContext context) =>
        $"Flowchart '{context.Node.Id}' waits for {string.Join(", ", context.Children().Select(child => $"'{child.Node.Id}'"))}, which cannot complete any more.";

    private static VisitFlowState StateOf(FlowStep step)
    {
        if (step.Context.ContainerState is not VisitFlowState state)
        {
            step.Context.ContainerState = state = new VisitFlowState
            {
                Children = new int[step.Graph.ChildCount],
                Connections = new int[step.Graph.ConnectionCount],
                Followed = new bool[step.Graph.ConnectionCount],
            };
        }

        return state;
    }

    /// <summary>Visits every connection of a child, and of those behind it that are passed over.</summary>
    private static void Visit(FlowStep step, VisitFlowState state, ActivityNode completed, Outcomes outcomes)
    {
        var passed = new Queue<(ActivityNode Child, Outcomes Outcomes)>();
        passed.Enqueue((completed, outcomes));
        while (passed.TryDequeue(out var visit))
        {
            if (!state.EnteredBackward.Remove(visit.Child.Ordinal))
            {
                state.Children[visit.Child.Ordinal]++;
            }

            foreach (var connection in step.Graph.Outbound(visit.Child))
            {
                var followed = visit.Outcomes.Names.Contains(connection.Port);
                state.Connections[connection.Index]++;
                state.Followed[connection.Index] = followed;
                if (step.Graph.IsBackward(connection))
                {
                    GoBack(step, state, connection, followed);
                }
                else
                {
                    Arrive(step, state, connection, passed);
                }
            }
        }
    }

    private static void GoBack(FlowStep step, VisitFlowState state, FlowConnection connection, bool followed)
    {
        if (!followed)
        {
            return;
        }

        if (!step.Graph.IsOnlyReachedThrough(connection.Source, connection.Target))
        {
            throw new InvalidOperationException($"The connection from '{connection.Source.Id}' back to '{connection.Target.Id}' is not a loop: '{connection.Source.Id}' can be reached without passing '{connection.Target.Id}'. Lead it to an activity that all ways pass.");
        }

        state.EnteredBackward.Add(connection.Target.Ordinal);
        step.Schedule(connection.Target);
    }

    private static void Arrive(FlowStep step, VisitFlowState state, FlowConnection connection, Queue<(ActivityNode Child, Outcomes Outcomes)> passed)
    {
        var target = connection.Target;
        var inbound = step.Graph.ForwardInbound(target);
        var turns = state.Children[target.Ordinal];
        var allVisited = true;
        var allFollowed = true;
        var anyFollowed = false;
        foreach (var way in inbound)
        {
            allVisited &= state.Connections[way.Index] > turns;
            allFollowed &= state.Followed[way.Index];
            anyFollowed |= state.Followed[way.Index] && state.Connections[way.Index] > turns;
        }

        var mode = (target.Activity as FlowJoin)?.FixedMode ?? FlowJoinMode.WaitAllActive;
        if (mode == FlowJoinMode.WaitAny)
        {
            if (state.Connections[connection.Index] <= turns || step.IsLive(target))
            {
                return;
            }

            if (anyFollowed)
            {
                step.Schedule(target);
                foreach (var cancelled in step.Cancel(step.Graph.Ancestors(target)))
                {
                    passed.Enqueue((cancelled, Outcomes.None));
                }
            }
            else if (allVisited)
            {
                passed.Enqueue((target, Outcomes.None));
            }
        }
        else if (allVisited)
        {
            if (mode == FlowJoinMode.WaitAll ? allFollowed : anyFollowed)
            {
                step.Schedule(target);
            }
            else
            {
                passed.Enqueue((target, Outcomes.None));
            }
        }
    }
}
