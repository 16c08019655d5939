namespace FederationWorkflows.Engine.Activities;

/// <summary>What the containers here have in common.</summary>
internal static class Scheduling
{
    /// <summary>Schedules a child, or completes where the author left the place empty.</summary>
    public static ValueTask ScheduleOrCompleteAsync(this ActivityExecutionContext context, IActivity? child, ActivityCompletionCallback callback) =>
        child is null ? context.CompleteActivityAsync() : context.ScheduleActivityAsync(child, callback);

    /// <summary>Whether a child ends the list or chart that directly holds it.</summary>
    public static bool IsTerminal(this ActivityExecutionContext child) => child.Node.Descriptor.IsTerminal;
}
