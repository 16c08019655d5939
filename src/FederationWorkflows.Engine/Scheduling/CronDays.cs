using System.Globalization;
using System.Numerics;

namespace FederationWorkflows.Engine.Scheduling;

/// <summary>Which days a cron expression means: its day of month, month and day of week, which must all agree.</summary>
internal sealed class CronDays
{
    private readonly ulong months;

    private readonly ulong daysOfMonth;

    private readonly ulong daysOfWeek;

    /// <summary>Days before the last of the month; null when the field does not count from there.</summary>
    private readonly int? beforeLast;

    private readonly bool nearestWeekday;

    private readonly bool lastOfWeekday;

    /// <summary>The how manieth such weekday of the month; null for every one.</summary>
    private readonly int? nth;

    public CronDays(string dayOfMonth, string month, string dayOfWeek)
    {
        months = CronField.Month.Parse(month, out _);
        (daysOfMonth, beforeLast, nearestWeekday) = ParseDayOfMonth(dayOfMonth);
        (daysOfWeek, lastOfWeekday, nth) = ParseDayOfWeek(dayOfWeek);
    }

    public bool HasMonth(int month) => (months & (1UL << month)) != 0;

    public bool Matches(DateOnly day) => HasMonth(day.Month) && MatchesDayOfMonth(day) && MatchesDayOfWeek(day);

    private static (ulong Days, int? BeforeLast, bool NearestWeekday) ParseDayOfMonth(string text)
    {
        var field = CronField.DayOfMonth;
        if (text[0] is 'L' or 'l')
        {
            var rest = text[1..];
            var weekday = rest.EndsWith('W') || rest.EndsWith('w');
            rest = weekday ? rest[..^1] : rest;
            if (rest.Length == 0)
            {
                return (0UL, 0, weekday);
            }

            return rest[0] == '-' && int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var before) && before <= 30
                ? ((ulong)0, (int?)before, weekday)
                : throw field.Wrong(text, "after 'L' only an offset from 0 to 30, as in 'L-3', and 'W' may follow");
        }

        return text[^1] is 'W' or 'w' ? (1UL << field.Value(text, text[..^1]), null, true) : (field.Parse(text, out _), null, false);
    }

    private static (ulong Days, bool Last, int? Nth) ParseDayOfWeek(string text)
    {
        var field = CronField.DayOfWeek;
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        if (hash >= 0)
        {
            return text.Length == hash + 2 && text[hash + 1] is >= '1' and <= '5'
                ? (One(text[..hash]), false, text[hash + 1] - '0')
                : throw field.Wrong(text, "after '#' stands the week of the month, 1 to 5");
        }

        return text.Length > 1 && text[^1] is 'L' or 'l' ? (One(text[..^1]), true, null) : (field.Parse(text, out _), false, null);

        ulong One(string value) => 1UL << (field.Value(text, value) % 7);
    }

    private bool MatchesDayOfMonth(DateOnly day)
    {
        var last = DateTime.DaysInMonth(day.Year, day.Month);
        if (beforeLast is null && !nearestWeekday)
        {
            return (daysOfMonth & (1UL << day.Day)) != 0;
        }

        var wanted = beforeLast is { } before ? last - before : BitOperations.TrailingZeroCount(daysOfMonth);
        return wanted >= 1 && wanted <= last && day.Day == (nearestWeekday ? NearestWeekday(day.Year, day.Month, wanted, last) : wanted);
    }

    /// <summary>Saturday moves to Friday and Sunday to Monday, but never into another month.</summary>
    private static int NearestWeekday(int year, int month, int day, int last) => new DateOnly(year, month, day).DayOfWeek switch
    {
        System.DayOfWeek.Saturday => day == 1 ? 3 : day - 1,
        System.DayOfWeek.Sunday => day == last ? day - 2 : day + 1,
        _ => day,
    };

    private bool MatchesDayOfWeek(DateOnly day) =>
        (daysOfWeek & (1UL << (int)day.DayOfWeek)) != 0
        && (!lastOfWeekday || day.Day + 7 > DateTime.DaysInMonth(day.Year, day.Month))
        && (nth is not { } week || (day.Day + 6) / 7 == week);
}
