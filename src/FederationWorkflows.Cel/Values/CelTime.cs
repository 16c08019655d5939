using System.Globalization;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Cel.Values;

/// <summary>A point in time, 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z (google.protobuf.Timestamp).</summary>
/// <param name="Seconds">Seconds since 1970-01-01T00:00:00Z.</param>
/// <param name="Nanos">Nanoseconds after them, 0 to 999,999,999.</param>
public readonly partial record struct CelTimestamp(long Seconds, int Nanos)
{
    private const long First = -62_135_596_800;
    private const long Last = 253_402_300_799;

    internal const int NanosPerSecond = 1_000_000_000;

    internal Int128 TotalNanos => ((Int128)Seconds * NanosPerSecond) + Nanos;

    internal static CelTimestamp FromTotalNanos(Int128 nanos)
    {
        var (seconds, rest) = Int128.DivRem(nanos, NanosPerSecond);
        return rest < 0 ? new((long)seconds - 1, (int)rest + NanosPerSecond) : new((long)seconds, (int)rest);
    }

    internal bool IsInRange => Seconds is >= First and <= Last;

    /// <summary>The same time, with all the precision .NET has (100 ns).</summary>
    public static CelTimestamp From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return rest < 0 ? new(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100) : new(seconds, (int)rest * 100);
    }

    /// <summary>The same time, cut to 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanos / 100);

    /// <summary>The time on clocks in a zone: <c>Europe/Stockholm</c>, <c>+02:00</c>, <c>-02:30</c>, <c>02:00</c>.</summary>
    /// <returns>False when there is no such zone, or the time there is outside the years 1 to 9999.</returns>
    public bool TryIn(string zone, out DateTime local)
    {
        local = default;
        var utc = ToDateTimeOffset();
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

    internal int CompareTo(CelTimestamp other) => Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanos.CompareTo(other.Nanos);

    /// <summary>RFC 3339, in UTC, without trailing zeros.</summary>
    public override string ToString() => DateTimeOffset.FromUnixTimeSeconds(Seconds).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + Fraction(Nanos) + "Z";

    internal static string Fraction(int nanos) => nanos == 0 ? "" : "." + nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');

    internal static bool TryParse(string text, out CelTimestamp timestamp)
    {
        timestamp = default;
        var match = Rfc3339().Match(text);
        if (!match.Success
            || !DateTime.TryParseExact(match.Groups["time"].ValueSpan.ToString().ToUpperInvariant(), "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        var offset = 0;
        if (match.Groups["hours"].Success)
        {
            var hours = int.Parse(match.Groups["hours"].ValueSpan, CultureInfo.InvariantCulture);
            var minutes = int.Parse(match.Groups["minutes"].ValueSpan, CultureInfo.InvariantCulture);
            if (hours > 23 || minutes > 59)
            {
                return false;
            }

            offset = ((hours * 60) + minutes) * (match.Groups["sign"].ValueSpan is "-" ? -60 : 60);
        }

        var fraction = match.Groups["fraction"].ValueSpan;
        var nanos = fraction.IsEmpty ? 0 : int.Parse(string.Concat(fraction, "000000000").AsSpan(0, 9), CultureInfo.InvariantCulture);
        timestamp = new((time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond - offset, nanos);
        return timestamp.IsInRange;
    }

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

    [GeneratedRegex(@"^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,9}))?([Zz]|(?<sign>[+-])(?<hours>[0-9]{2}):(?<minutes>[0-9]{2}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}

/// <summary>A length of time in whole nanoseconds, up to about 292 years either way, as in Google's own implementations.</summary>
/// <param name="Nanos">Nanoseconds.</param>
public readonly record struct CelDuration(long Nanos)
{
    /// <summary>The same length; null when it is longer than can be expressed.</summary>
    public static CelDuration? From(TimeSpan span) => FromNanos((Int128)span.Ticks * 100);

    /// <summary>The same length, cut to 100 ns.</summary>
    public TimeSpan ToTimeSpan() => TimeSpan.FromTicks(Nanos / 100);

    /// <summary>Seconds with a unit, e.g. <c>1.5s</c> (JSON form of google.protobuf.Duration).</summary>
    public override string ToString()
    {
        var (seconds, rest) = Math.DivRem(Nanos, CelTimestamp.NanosPerSecond);
        return (rest < 0 && seconds == 0 ? "-" : "") + seconds.ToString(CultureInfo.InvariantCulture) + CelTimestamp.Fraction((int)Math.Abs(rest)) + "s";
    }

    internal static CelDuration? FromNanos(Int128 nanos) => nanos >= long.MinValue && nanos <= long.MaxValue ? new((long)nanos) : null;

    /// <summary>All units with all digits that count are shorter.</summary>
    private const int MaxLength = 256;

    /// <summary>Reads Go's form: a sequence of decimal numbers with units <c>h m s ms us µs ns</c>, e.g. <c>-1h30m</c>. Null when it is none, or too long.</summary>
    internal static CelDuration? Parse(string text)
    {
        var rest = text.AsSpan();
        var negative = rest is ['-', ..];
        if (rest is ['-' or '+', ..])
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return new(0);
        }

        if (rest.IsEmpty || rest.Length > MaxLength)
        {
            return null;
        }

        Int128 total = 0;
        while (!rest.IsEmpty)
        {
            var whole = Digits(rest);
            rest = rest[whole.Length..];
            var fraction = rest is ['.', ..] ? Digits(rest[1..]) : [];
            rest = rest[(rest is ['.', ..] ? fraction.Length + 1 : 0)..];

            if ((whole.IsEmpty && fraction.IsEmpty) || whole.Length > 18 || !TryUnit(ref rest, out var unit))
            {
                return null;
            }

            total += (whole.IsEmpty ? 0 : Int128.Parse(whole, CultureInfo.InvariantCulture)) * unit;
            foreach (var digit in fraction)
            {
                unit /= 10;
                total += (digit - '0') * unit;
            }

            if (total > (Int128)long.MaxValue + 1)
            {
                return null;
            }
        }

        return FromNanos(negative ? -total : total);
    }

    private static ReadOnlySpan<char> Digits(ReadOnlySpan<char> text)
    {
        var length = text.IndexOfAnyExceptInRange('0', '9');
        return length < 0 ? text : text[..length];
    }

    private static bool TryUnit(ref ReadOnlySpan<char> text, out long nanos)
    {
        (nanos, var length) = text switch
        {
            ['n', 's', ..] => (1L, 2),
            ['u' or 'µ' or 'μ', 's', ..] => (1_000L, 2),
            ['m', 's', ..] => (1_000_000L, 2),
            ['s', ..] => (1_000_000_000L, 1),
            ['m', ..] => (60_000_000_000L, 1),
            ['h', ..] => (3_600_000_000_000L, 1),
            _ => (0L, 0),
        };
        text = text[length..];
        return length > 0;
    }
}
