namespace FederationWorkflows.CloudLab;

/// <summary>The clock of a lab's clouds: another clock that may be told to go wrong, as clocks do. Safe for use by several threads.</summary>
public sealed class LabClock : TimeProvider
{
    /// <summary>How far it may be off, either way.</summary>
    public static readonly TimeSpan MaximumSkew = TimeSpan.FromDays(366);

    private readonly TimeProvider right;
    private long skew;

    internal LabClock(TimeProvider right) => this.right = right;

    /// <summary>How much later than the right time it is; negative when it is earlier. Zero at the start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="MaximumSkew"/>.</exception>
    public TimeSpan Skew
    {
        get => new(Interlocked.Read(ref skew));
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Duration(), MaximumSkew, nameof(value));
            Interlocked.Exchange(ref skew, value.Ticks);
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => right.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => right.LocalTimeZone;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => right.GetUtcNow() + Skew;

    /// <inheritdoc/>
    public override long GetTimestamp() => right.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => right.CreateTimer(callback, state, dueTime, period);
}
