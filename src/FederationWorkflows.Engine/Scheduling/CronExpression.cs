using System.Numerics;

namespace FederationWorkflows.Engine.Scheduling;

/// <summary>
/// When something repeats, in cron's words, as Elsa has them through Cronos: five fields (minute, hour, day of month, month, day of week) or
/// six with seconds in front; <c>*</c> <c>?</c> <c>,</c> <c>-</c> <c>/</c>, ranges that wrap (<c>22-2</c>), names, 0 and 7 for Sunday,
/// <c>L</c> <c>L-3</c> <c>LW</c> <c>15W</c>, <c>5L</c> <c>MON#2</c>, and macros such as <c>@daily</c>. Day of month and day of week must both
/// agree (crontab wants either). Immutable.
/// </summary>
public sealed class CronExpression
{
    /// <summary>No expression that occurs at all waits longer for a day: 29 February on one weekday comes back after 40 years at the latest.</summary>
    private const int MaxYears = 60;

    private static readonly Dictionary<string, string> Macros = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@every_second"] = "* * * * * *",
        ["@every_minute"] = "* * * * *",
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private readonly string text;

    private readonly ulong seconds;

    private readonly ulong minutes;

    private readonly ulong hours;

    private readonly CronDays days;

    private readonly bool isInterval;

    private CronExpression(string text, string[] fields)
    {
        this.text = text;
        seconds = CronField.Second.Parse(fields[0], out var bySecond);
        minutes = CronField.Minute.Parse(fields[1], out var byMinute);
        hours = CronField.Hour.Parse(fields[2], out var byHour);
        days = new CronDays(fields[3], fields[4], fields[5]);
        isInterval = bySecond || byMinute || byHour;
    }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="CronFormatException">It is none; the message names the field and says why.</exception>
    public static CronExpression Parse(string text)
    {
        var fields = (Macros.GetValueOrDefault(text.Trim()) ?? text).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (text.Trim().StartsWith('@') && fields[0][0] == '@')
        {
            throw new CronFormatException($"There is no macro '{text.Trim()}'. Use one of: {string.Join(", ", Macros.Keys)}.");
        }

        return fields.Length switch
        {
            5 => new CronExpression(text, ["0", .. fields]),
            6 => new CronExpression(text, fields),
            _ => throw new CronFormatException($"The cron expression '{text}' has {fields.Length} fields. It needs 5 (minute, hour, day of month, month, day of week), or 6 with seconds in front."),
        };
    }

    /// <summary>
    /// The first occurrence after an instant, UTC; null when there is none, as for 30 February. In the hour that a clock change skips it occurs
    /// at the next valid time. In the hour that repeats it occurs once, the first time, unless it says how often rather than when (a star, range or
    /// step among seconds, minutes and hours): then it occurs both times. (Rules: Cronos, "Daylight Saving Time".)
    /// </summary>
    /// <param name="after">The instant; itself it is no answer.</param>
    /// <param name="zone">Whose clock the expression speaks of.</param>
    public DateTimeOffset? NextAfter(DateTimeOffset after, TimeZoneInfo zone)
    {
        after = after.ToUniversalTime();
        var clock = new ZoneClock(zone);
        var local = clock.At(after);
        if (isInterval && clock.Fold(local) is { } fold && after < fold.At && !(NextLocal(local) < fold.Until))
        {
            // The clock is about to repeat this stretch, and of the first time nothing is left.
            local = fold.From.AddTicks(-1);
        }

        for (var next = NextLocal(local); next is { } time; next = NextLocal(time))
        {
            if (clock.First(time) is var once && once > after)
            {
                return once;
            }

            if (isInterval && clock.Last(time) is var twice && twice > after)
            {
                return twice;
            }
        }

        return null;
    }

    /// <summary>The text it was read from.</summary>
    public override string ToString() => text;

    /// <summary>The first time on a clock without changes that is later than the given one.</summary>
    private DateTime? NextLocal(DateTime after)
    {
        var day = DateOnly.FromDateTime(after);
        var end = day.Year + MaxYears;
        TimeOnly? from = TimeOnly.FromDateTime(after);
        while (day.Year <= end && day.Year < DateTime.MaxValue.Year)
        {
            if (!days.HasMonth(day.Month))
            {
                day = new DateOnly(day.Year, day.Month, 1).AddMonths(1);
            }
            else if (days.Matches(day) && NextTime(from) is { } time)
            {
                return day.ToDateTime(time);
            }
            else
            {
                day = day.AddDays(1);
            }

            from = null;
        }

        return null;
    }

    /// <summary>The first time of a day that is later than the given one; null when the day has none.</summary>
    private TimeOnly? NextTime(TimeOnly? after)
    {
        if (after is not { } from)
        {
            return new TimeOnly(Lowest(hours, 0), Lowest(minutes, 0), Lowest(seconds, 0));
        }

        var (hour, minute, second) = (from.Hour, from.Minute, Lowest(seconds, from.Second + 1));
        if (Has(hours, hour) && Has(minutes, minute) && second < 64)
        {
            return new TimeOnly(hour, minute, second);
        }

        minute = Lowest(minutes, minute + 1);
        if (Has(hours, hour) && minute < 64)
        {
            return new TimeOnly(hour, minute, Lowest(seconds, 0));
        }

        hour = Lowest(hours, hour + 1);
        return hour < 64 ? new TimeOnly(hour, Lowest(minutes, 0), Lowest(seconds, 0)) : null;
    }

    private static bool Has(ulong values, int value) => (values & (1UL << value)) != 0;

    /// <summary>The lowest value from a bound on; 64 when there is none.</summary>
    private static int Lowest(ulong values, int from) => BitOperations.TrailingZeroCount(values >> from << from);
}
