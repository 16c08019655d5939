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

    private static CelValue UnknownZone(string zone) => CelValue.Error("unknown time zone, or outside the years 1 to 9999 there; write a name such as Europe/Stockholm or an offset such as +02:00", $"'{zone}'");

    private static IEnumerable<CelFunction> Of(string name, Part part) =>
    [
        Member(name, "timestamp", "int", (_, args) => CelValue.Of(part(args[0].Timestamp.ToDateTimeOffset().UtcDateTime))),
        Member(name, "timestamp, string", "int", (_, args) => args[0].Timestamp.TryIn(args[1].Text, out var local) ? CelValue.Of(part(local)) : UnknownZone(args[1].Text)),
    ];
}
