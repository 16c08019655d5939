namespace FederationWorkflows.Engine.Activities;

/// <summary>How an activity with several ways in is entered (Elsa contract: <c>customProperties.mergeMode</c>).</summary>
internal enum MergeMode
{
    /// <summary>Enter unless something is still on its way to one of its sources.</summary>
    Stream,

    /// <summary>Enter when every forward connection has arrived.</summary>
    Merge,

    /// <summary>Enter when every connection has arrived, backward ones too.</summary>
    Converge,

    /// <summary>Enter once for each arrival.</summary>
    Cascade,

    /// <summary>Enter on the first arrival, cancel what else is on its way here.</summary>
    Race,
}

/// <summary>A connection of a flowchart.</summary>
/// <param name="Index">Its place in the list.</param>
/// <param name="Source">The child it leaves.</param>
/// <param name="Port">The outcome it follows.</param>
/// <param name="Target">The child it enters.</param>
internal sealed record FlowConnection(int Index, ActivityNode Source, string Port, ActivityNode Target);

/// <summary>A flowchart's connections as seen from one start: which lead forward, and which close a loop.</summary>
internal sealed class FlowGraph
{
    private readonly IReadOnlyList<FlowConnection> connections;

    private readonly FlowConnection[][] outbound;

    private readonly FlowConnection[][] inbound;

    private readonly FlowConnection[][] forwardInbound;

    private readonly bool[] backward;

    private readonly bool[] reachable;

    public FlowGraph(IReadOnlyList<ActivityNode> children, IReadOnlyList<FlowConnection> connections, ActivityNode start)
    {
        Start = start;
        this.connections = connections;
        outbound = Group(children, connections, connection => connection.Source);
        inbound = Group(children, connections, connection => connection.Target);
        backward = new bool[connections.Count];
        reachable = new bool[children.Count];
        var forward = Classify(children.Count);
        forwardInbound = Group(children, [.. connections.Where(connection => forward[connection.Index])], connection => connection.Target);
    }

    public ActivityNode Start { get; }

    public int ConnectionCount => connections.Count;

    public int ChildCount => outbound.Length;

    public FlowConnection Connection(int index) => connections[index];

    public FlowConnection[] Outbound(ActivityNode child) => outbound[child.Ordinal];

    public FlowConnection[] Inbound(ActivityNode child) => inbound[child.Ordinal];

    public FlowConnection[] ForwardInbound(ActivityNode child) => forwardInbound[child.Ordinal];

    public bool IsBackward(FlowConnection connection) => backward[connection.Index];

    public bool IsReachable(ActivityNode child) => reachable[child.Ordinal];

    /// <summary>All children from which a forward way leads here.</summary>
    public HashSet<ActivityNode> Ancestors(ActivityNode child)
    {
        var found = new HashSet<ActivityNode>();
        var pending = new Stack<ActivityNode>([child]);
        while (pending.TryPop(out var at))
        {
            foreach (var connection in ForwardInbound(at))
            {
                if (found.Add(connection.Source))
                {
                    pending.Push(connection.Source);
                }
            }
        }

        return found;
    }

    /// <summary>Whether every forward way from the start to <paramref name="child"/> passes <paramref name="gate"/>: only then is going back to the gate a loop.</summary>
    public bool IsOnlyReachedThrough(ActivityNode child, ActivityNode gate)
    {
        var pending = new Stack<ActivityNode>([child]);
        var seen = new HashSet<ActivityNode>();
        while (pending.TryPop(out var at))
        {
            if (at == gate || !seen.Add(at))
            {
                continue;
            }

            if (at == Start)
            {
                return false;
            }

            foreach (var connection in ForwardInbound(at))
            {
                pending.Push(connection.Source);
            }
        }

        return true;
    }

    private static FlowConnection[][] Group(IReadOnlyList<ActivityNode> children, IReadOnlyList<FlowConnection> connections, Func<FlowConnection, ActivityNode> end)
    {
        var groups = connections.ToLookup(end);
        return [.. children.Select(child => groups[child].ToArray())];
    }

    /// <summary>Breadth first from the start: a connection leads forward unless it would close a cycle with those found before.</summary>
    private bool[] Classify(int count)
    {
        var forward = new bool[ConnectionCount];
        var successors = Enumerable.Range(0, count).Select(_ => new List<int>()).ToArray();
        var pending = new Queue<ActivityNode>([Start]);
        reachable[Start.Ordinal] = true;
        while (pending.TryDequeue(out var at))
        {
            foreach (var connection in Outbound(at))
            {
                if (Leads(successors, connection.Target.Ordinal, at.Ordinal))
                {
                    backward[connection.Index] = true;
                    continue;
                }

                forward[connection.Index] = true;
                successors[at.Ordinal].Add(connection.Target.Ordinal);
                if (!reachable[connection.Target.Ordinal])
                {
                    reachable[connection.Target.Ordinal] = true;
                    pending.Enqueue(connection.Target);
                }
            }
        }

        return forward;
    }

    private static bool Leads(List<int>[] successors, int from, int to)
    {
        var pending = new Stack<int>([from]);
        var seen = new HashSet<int>();
        while (pending.TryPop(out var at))
        {
            if (at == to)
            {
                return true;
            }

            foreach (var next in successors[at])
            {
                if (seen.Add(next))
                {
                    pending.Push(next);
                }
            }
        }

        return false;
    }
}
