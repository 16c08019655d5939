namespace FederationWorkflows.Engine.Scheduling;

/// <summary>
/// The clock on the wall of a time zone: it skips time when it is put forward, and repeats time when it is put back. Changes are found by
/// looking for them, since <see cref="TimeZoneInfo"/> tells of daylight saving only, and not when a country moves to another zone.
/// </summary>
internal sealed class ZoneClock(TimeZoneInfo zone)
{
    /// <summary>No zone is further than 14 hours from UTC, and none ever skipped more than a day.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromHours(40);

    /// <summary>What the clock shows at an instant.</summary>
    public DateTime At(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, zone).DateTime;

    /// <summary>The first instant at which the clock shows a time; where it skips that time, the instant at which it does so.</summary>
    public DateTimeOffset First(DateTime time) => ChangeNear(time) switch
    {
        null => Instant(time, zone.GetUtcOffset(Instant(time, TimeSpan.Zero))),
        { } change when time < change.Until => Instant(time, change.Before),
        { } change when time < change.From => change.At,
        { } change => Instant(time, change.After),
    };

    /// <summary>The last instant at which the clock shows a time.</summary>
    public DateTimeOffset Last(DateTime time) => Fold(time) is { } change ? Instant(time, change.After) : First(time);

    /// <summary>The change that makes the clock show a time twice; null when it shows it once.</summary>
    public ClockChange? Fold(DateTime time) => ChangeNear(time) is { } change && time >= change.From && time < change.Until ? change : null;

    private static DateTimeOffset Instant(DateTime time, TimeSpan offset) => new(DateTime.SpecifyKind(time, DateTimeKind.Unspecified) - offset, TimeSpan.Zero);

    private ClockChange? ChangeNear(DateTime time)
    {
        var low = Instant(time, Reach).ToUnixTimeSeconds();
        var high = Instant(time, -Reach).ToUnixTimeSeconds();
        var before = OffsetAt(low);
        var after = OffsetAt(high);
        if (before == after)
        {
            return null;
        }

        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = OffsetAt(middle) == before ? (middle, high) : (low, middle);
        }

        return new ClockChange(DateTimeOffset.FromUnixTimeSeconds(high), before, after);
    }

    private TimeSpan OffsetAt(long unixSeconds) => zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(unixSeconds));
}

/// <summary>A clock is put forward or back.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Before">Its distance from UTC until then.</param>
/// <param name="After">Its distance from UTC from then on.</param>
internal sealed record ClockChange(DateTimeOffset At, TimeSpan Before, TimeSpan After)
{
    /// <summary>What the clock would show at that instant without the change.</summary>
    public DateTime Until => (At + Before).DateTime;

    /// <summary>What it shows instead.</summary>
    public DateTime From => (At + After).DateTime;
}
