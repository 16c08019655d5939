using System.Globalization;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Parts of timestamps, in UTC or a named time zone or offset, and of durations.</summary>
internal static class TimeFunctions
{
    private delegate long Part(DateTime time);

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        .. Of("getFullYear", time => time.Year),
        .. Of("getMonth", time => time.Month - 1),
        .. Of("getDate", time => time.Day),
        .. Of("getDayOfMonth", time => time.Day - 1),
        .. Of("getDayOfWeek", time => (long)time.DayOfWeek),
        .. Of("getDayOfYear", time => time.DayOfYear - 1),
        .. Of("getHours", time => time.Hour),
        .. Of("getMinutes", time => time.Minute),
        .. Of("getSeconds", time => time.Second),
        .. Of("getMilliseconds", time => time.Millisecond),
        Member("getHours", "duration", "int", static (_, args) => CelValue.Of(args[0].Duration.Nanos / 3_600_000_000_000)),
        Member("getMinutes", "duration", "int", static (_, args) => CelValue.Of(args[0].Duration.Nanos / 60_000_000_000)),
        Member("getSeconds", "duration", "int", static (_, args) => CelValue.Of(args[0].Duration.Nanos / 1_000_000_000)),
        Member("getMilliseconds", "duration", "int", static (_, args) => CelValue.Of(args[0].Duration.Nanos % 1_000_000_000 / 1_000_000)),
    ];

    /// <summary>The time in a zone: <c>Europe/Stockholm</c>, <c>+02:00</c>, <c>-02:30</c>, <c>02:00</c>.</summary>
    public static bool TryLocal(CelTimestamp timestamp, string zone, out DateTime local)
    {
        local = default;
        var utc = timestamp.ToDateTimeOffset();
        if (!TryOffset(zone, utc, out var offset))
        {
            return false;
        }

        var ticks = utc.UtcTicks + offset.Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        local = new DateTime(ticks);
        return true;
    }

    public static CelValue UnknownZone(string zone) => CelValue.Error("unknown time zone, or outside the years 1 to 9999 there; write a name such as Europe/Stockholm or an offset such as +02:00", $"'{zone}'");

    private static IEnumerable<CelFunction> Of(string name, Part part) =>
    [
        Member(name, "timestamp", "int", (_, args) => CelValue.Of(part(args[0].Timestamp.ToDateTimeOffset().UtcDateTime))),
        Member(name, "timestamp, string", "int", (_, args) => TryLocal(args[0].Timestamp, args[1].Text, out var local) ? CelValue.Of(part(local)) : UnknownZone(args[1].Text)),
    ];

    private static bool TryOffset(string zone, DateTimeOffset utc, out TimeSpan offset)
    {
        offset = default;
        if (zone.Length == 0)
        {
            return true;
        }

        if (zone[0] is '+' or '-' || char.IsAsciiDigit(zone[0]))
        {
            var text = zone.AsSpan().TrimStart("+-");
            if (zone.Length - text.Length > 1 || !TimeSpan.TryParseExact(text, @"hh\:mm", CultureInfo.InvariantCulture, out offset))
            {
                return false;
            }

            offset = zone[0] == '-' ? -offset : offset;
            return true;
        }

        if (zone.Length > 64 || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info))
        {
            return false;
        }

        offset = info.GetUtcOffset(utc);
        return true;
    }
}
