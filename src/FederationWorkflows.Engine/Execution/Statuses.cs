namespace FederationWorkflows.Engine.Execution;

/// <summary>Whether a run goes on (Elsa contract: WorkflowStatus).</summary>
public enum WorkflowStatus
{
    /// <summary>It executes or waits.</summary>
    Running,

    /// <summary>It ended, in whatever way.</summary>
    Finished,
}

/// <summary>How a run stands (Elsa contract: WorkflowSubStatus).</summary>
public enum WorkflowSubStatus
{
    /// <summary>Created, nothing executed.</summary>
    Pending,

    /// <summary>An activity executes.</summary>
    Executing,

    /// <summary>It waits for a bookmark or a timer.</summary>
    Suspended,

    /// <summary>It ended as its definition says.</summary>
    Finished,

    /// <summary>Somebody ended it.</summary>
    Cancelled,

    /// <summary>An incident ended it.</summary>
    Faulted,
}

/// <summary>How an activity execution stands (Elsa contract: ActivityStatus).</summary>
public enum ActivityStatus
{
    /// <summary>Scheduled, not begun.</summary>
    Pending,

    /// <summary>Begun: executing, or waiting for children or a bookmark.</summary>
    Running,

    /// <summary>Ended with outcomes.</summary>
    Completed,

    /// <summary>Ended by something else's decision.</summary>
    Canceled,

    /// <summary>Ended by an error.</summary>
    Faulted,
}

/// <summary>When a run is put on disk.</summary>
public enum CommitStrategy
{
    /// <summary>Before and after every activity that acts on the world, and whenever the run waits. The default.</summary>
    SideEffects,

    /// <summary>As <see cref="SideEffects"/>, and after every activity. Elsa's <c>ActivityExecuted</c>.</summary>
    EveryActivity,

    /// <summary>Only when the run waits or ends. Elsa's <c>WorkflowExecuted</c>.</summary>
    Burst,
}

/// <summary>What a run wants from its driver.</summary>
public enum RunStep
{
    /// <summary>Commit, then advance again.</summary>
    Commit,

    /// <summary>It ran its share of steps: let others run, then advance again.</summary>
    Yield,

    /// <summary>Activities are in flight: wait, then advance again.</summary>
    Wait,

    /// <summary>Everything waits for bookmarks or timers: commit and let it go.</summary>
    Suspended,

    /// <summary>It ended: commit.</summary>
    Finished,
}
