namespace FederationWorkflows.Runtime.Schedules;

/// <summary>How schedules are kept.</summary>
public sealed record ScheduleOptions
{
    /// <summary>A start that is later than this was missed, and the schedule's own policy says what becomes of it.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many missed times a schedule makes up for at most whose policy is to fire all, from 1.</summary>
    public int MaxMadeUp { get; set; } = 100;
}
