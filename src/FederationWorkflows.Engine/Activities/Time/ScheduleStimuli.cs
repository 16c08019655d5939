using FederationWorkflows.Engine.Scheduling;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>Starts a run whenever a cron expression says so.</summary>
internal sealed record CronStimulus(string CronExpression, string TimeZone, MisfirePolicy Misfire) : ISchedule
{
    public DateTimeOffset? NextAfter(DateTimeOffset after) =>
        Engine.Scheduling.CronExpression.Parse(CronExpression).NextAfter(after, TimeZoneInfo.FindSystemTimeZoneById(TimeZone));
}

/// <summary>Starts a run at an interval.</summary>
internal sealed record TimerStimulus(TimeSpan Interval, MisfirePolicy Misfire) : ISchedule
{
    public DateTimeOffset? NextAfter(DateTimeOffset after) => after + Interval;
}

/// <summary>Starts one run.</summary>
internal sealed record StartAtStimulus(DateTimeOffset ExecuteAt) : ISchedule
{
    public MisfirePolicy Misfire => MisfirePolicy.FireOnceNow;

    public DateTimeOffset? NextAfter(DateTimeOffset after) => ExecuteAt > after ? ExecuteAt : null;
}
