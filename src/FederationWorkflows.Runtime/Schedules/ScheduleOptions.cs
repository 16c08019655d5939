using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Runtime.Schedules;

/// <summary>How schedules are kept, configuration section <c>Schedules</c>.</summary>
public sealed record ScheduleOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Schedules";

    /// <summary>A start that is later than this was missed, and the schedule's own policy says what becomes of it. From a second to a day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Schedules:Grace must be from 00:00:01 to 1.00:00:00.")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many missed times a schedule makes up for at most whose policy is to fire all, 1 to 10,000.</summary>
    [Range(1, 10_000, ErrorMessage = "Schedules:MaxMadeUp must be from 1 to 10000.")]
    public int MaxMadeUp { get; set; } = 100;
}
