using System.Globalization;
using FederationWorkflows.Engine.Scheduling;

namespace FederationWorkflows.Engine.Tests.Scheduling;

/// <summary>Random expressions against an oracle that walks from minute to minute and asks of each field whether it holds the value.</summary>
public sealed class CronOracleTests
{
    private static readonly string[] Zones = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"];

    /// <summary>Around changes of those clocks.</summary>
    private static readonly string[] Starts = ["2026-03-07", "2026-10-31", "2026-03-28", "2026-10-24", "2026-04-04", "2026-10-03", "2018-11-03", "2019-02-16", "2026-02-14", "2026-03-21"];

    [Fact]
    public void The_next_occurrences_are_those_that_a_walk_over_the_minutes_finds()
    {
        var random = new Random(20260131);
        for (var i = 0; i < 1_500; i++)
        {
            var fields = new[] { Field(random, 0, 59), Field(random, 0, 23), random.Next(3) > 0 ? "*" : Field(random, 1, 31), random.Next(4) > 0 ? "*" : Field(random, 1, 12), random.Next(3) > 0 ? "*" : Field(random, 0, 7) };
            var text = string.Join(' ', fields);
            var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[random.Next(Zones.Length)]);
            var start = DateTimeOffset.Parse(Starts[random.Next(Starts.Length)] + "T00:00Z", CultureInfo.InvariantCulture).AddMinutes(random.Next(2_000));
            var cron = CronExpression.Parse(text);
            var end = start.AddDays(2);

            var found = new List<DateTimeOffset>();
            for (var at = cron.NextAfter(start, zone); at is { } next && next <= end; at = cron.NextAfter(next, zone))
            {
                found.Add(next);
            }

            found.ShouldBe(Walk(fields, start, end, zone), $"'{text}' in {zone.Id} after {start:O}");
        }
    }

    [Fact]
    public void From_any_instant_the_next_occurrence_is_the_first_one_later()
    {
        var random = new Random(42);
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        for (var i = 0; i < 300; i++)
        {
            var cron = CronExpression.Parse($"{Field(random, 0, 59)} {Field(random, 0, 59)} {Field(random, 0, 23)} * * *");
            var start = DateTimeOffset.Parse("2026-10-24T20:00Z", CultureInfo.InvariantCulture);
            var all = new List<DateTimeOffset>();
            for (var at = cron.NextAfter(start, zone); at is { } next && all.Count < 50; at = cron.NextAfter(next, zone))
            {
                all.Add(next);
            }

            var probe = start.AddSeconds(random.NextDouble() * (all[^1] - start).TotalSeconds);
            cron.NextAfter(probe, zone).ShouldBe(all.First(at => at > probe), $"{cron} after {probe:O}");
        }
    }

    private static List<DateTimeOffset> Walk(string[] fields, DateTimeOffset start, DateTimeOffset end, TimeZoneInfo zone)
    {
        var isInterval = fields[0].IndexOfAny(['*', '-', '/']) >= 0 || fields[1].IndexOfAny(['*', '-', '/']) >= 0;
        var found = new List<DateTimeOffset>();
        var minute = new DateTimeOffset(start.Year, start.Month, start.Day, start.Hour, start.Minute, 0, TimeSpan.Zero);
        var before = TimeZoneInfo.ConvertTime(minute, zone);
        for (minute = minute.AddMinutes(1); minute <= end; minute = minute.AddMinutes(1))
        {
            var local = TimeZoneInfo.ConvertTime(minute, zone);
            var repeats = zone.IsAmbiguousTime(local.DateTime) && local.Offset == zone.GetAmbiguousTimeOffsets(local.DateTime).Min();
            var occurs = Holds(fields, local.DateTime) && (isInterval || !repeats);

            // The clock may have skipped what should have occurred.
            for (var skipped = before.DateTime.AddMinutes(1); skipped < local.DateTime && !occurs; skipped = skipped.AddMinutes(1))
            {
                occurs = Holds(fields, skipped);
            }

            if (occurs && minute > start)
            {
                found.Add(minute);
            }

            before = local;
        }

        return found;
    }

    private static bool Holds(string[] fields, DateTime time) =>
        Holds(fields[0], time.Minute, 0, 59) && Holds(fields[1], time.Hour, 0, 23) && Holds(fields[2], time.Day, 1, 31) && Holds(fields[3], time.Month, 1, 12)
        && (Holds(fields[4], (int)time.DayOfWeek, 0, 7) || (time.DayOfWeek == DayOfWeek.Sunday && Holds(fields[4], 7, 0, 7)));

    /// <summary>Counts up from the beginning of each range, around the end of the field where it must, until the value or the end of the range comes.</summary>
    private static bool Holds(string field, int value, int first, int last)
    {
        foreach (var item in field.Split(','))
        {
            var parts = item.Split('/');
            var step = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1;
            var range = parts[0] == "*" ? [first, last] : parts[0].Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            var from = range[0];
            var to = range.Length > 1 ? range[1] : parts.Length > 1 ? last : from;
            var size = last == 7 ? 7 : last - first + 1;
            var length = to >= from ? to - from : to - from + size;
            for (var n = 0; n <= length; n += step)
            {
                var at = from + n;
                if ((at > last || (at == 7 && last == 7 && to < from) ? at - size : at) == value)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string Field(Random random, int first, int last)
    {
        string Value() => random.Next(first, last + 1).ToString(CultureInfo.InvariantCulture);
        string Step() => "/" + random.Next(1, last + 1).ToString(CultureInfo.InvariantCulture);
        return random.Next(7) switch
        {
            0 => "*",
            1 => "*" + Step(),
            2 => $"{Value()}-{Value()}",
            3 => $"{Value()}-{Value()}{Step()}",
            4 => Value() + Step(),
            5 => $"{Value()},{Value()}",
            _ => Value(),
        };
    }
}
