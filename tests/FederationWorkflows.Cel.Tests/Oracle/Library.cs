using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Cel.Tests.Oracle;

/// <summary>The functions that random expressions call; timestamps in them are of whole microseconds at most.</summary>
internal static partial class Library
{
    private static readonly object Failed = Failure.Instance;

    public static object? Call(string name, object?[] args) => (name, args) switch
    {
        ("dyn", [var x]) => x,
        ("type", [var x]) => new PlainType(TypeOf(x)),
        ("size", [var x]) => Size(x),
        ("bool", [bool x]) => x,
        ("bool", ["true" or "True" or "TRUE" or "t" or "1"]) => true,
        ("bool", ["false" or "False" or "FALSE" or "f" or "0"]) => false,
        ("int", [long x]) => x,
        ("int", [ulong x]) => Operations.Int(x),
        ("int", [double x]) => double.IsFinite(x) && Math.Abs(x) < 9223372036854775808d ? Operations.Int(new BigInteger(Math.Truncate(x))) : Failed,
        ("int", [string x]) => Whole().IsMatch(x) ? Operations.Int(BigInteger.Parse(x, CultureInfo.InvariantCulture)) : Failed,
        ("int", [PlainTimestamp x]) => (long)((x.Nanos - BigInteger.Remainder(BigInteger.Remainder(x.Nanos, 1_000_000_000) + 1_000_000_000, 1_000_000_000)) / 1_000_000_000),
        ("uint", [ulong x]) => x,
        ("uint", [long x]) => Operations.Uint(x),
        ("uint", [double x]) => double.IsFinite(x) && x >= 0 ? Operations.Uint(new BigInteger(Math.Truncate(x))) : Failed,
        ("uint", [string x]) => Digits().IsMatch(x) ? Operations.Uint(BigInteger.Parse(x, CultureInfo.InvariantCulture)) : Failed,
        ("double", [double x]) => x,
        ("double", [long x]) => (double)x,
        ("double", [ulong x]) => (double)x,
        ("double", ["NaN"]) => double.NaN,
        ("double", ["Infinity" or "+Infinity" or "Inf" or "+Inf"]) => double.PositiveInfinity,
        ("double", ["-Infinity" or "-Inf"]) => double.NegativeInfinity,
        ("double", [string x]) => Decimal().IsMatch(x) ? double.Parse(x, CultureInfo.InvariantCulture) : Failed,
        ("string", [string x]) => x,
        ("string", [bool x]) => x ? "true" : "false",
        ("string", [long or ulong]) => string.Format(CultureInfo.InvariantCulture, "{0}", args),
        ("string", [double x]) => Number(x),
        ("string", [byte[] x]) => Utf8(x),
        ("string", [PlainTimestamp x]) => DateTime.UnixEpoch.AddTicks((long)(x.Nanos / 100)).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        ("string", [PlainDuration x]) => Duration(x.Nanos),
        ("bytes", [byte[] x]) => x,
        ("bytes", [string x]) => Encoding.UTF8.GetBytes(x),
        ("timestamp", [long x]) => Operations.Timestamp((BigInteger)x * 1_000_000_000),
        ("timestamp", [PlainTimestamp x]) => x,
        ("duration", [PlainDuration x]) => x,
        ("duration", [long x]) => Operations.Duration((BigInteger)x * 1_000_000_000),
        ("duration", ["0" or "-0" or "+0"]) => new PlainDuration(0),
        ("duration", [string x]) => Seconds().Match(x) is { Success: true } parts
            ? Operations.Duration(BigInteger.Parse(parts.Groups["sign"].Value + parts.Groups["whole"].Value + parts.Groups["fraction"].Value.PadRight(9, '0')[..9], CultureInfo.InvariantCulture))
            : Failed,
        ("optional.of", [var x]) => new PlainOptional(true, x),
        ("optional.none", []) => new PlainOptional(false, null),
        ("math.abs", [long x]) => Operations.Int(BigInteger.Abs(x)),
        ("math.abs", [ulong x]) => x,
        ("math.abs", [double x]) => Math.Abs(x),
        ("sets.contains", [PlainList x, PlainList y]) => y.Items.All(item => Contains(x, item)),
        ("sets.intersects", [PlainList x, PlainList y]) => y.Items.Any(item => Contains(x, item)),
        ("sets.equivalent", [PlainList x, PlainList y]) => y.Items.All(item => Contains(x, item)) && x.Items.All(item => Contains(y, item)),
        ("lists.range", [long x]) => new PlainList([.. Enumerable.Range(0, (int)Math.Clamp(x, 0, 1000)).Select(i => (object?)(long)i)]),
        _ => Failed,
    };

    public static object? Member(string name, object?[] args) => (name, args) switch
    {
        ("size", [var x]) => Size(x),
        ("contains", [string x, string y]) => x.Contains(y, StringComparison.Ordinal),
        ("startsWith", [string x, string y]) => x.StartsWith(y, StringComparison.Ordinal),
        ("endsWith", [string x, string y]) => x.EndsWith(y, StringComparison.Ordinal),
        ("charAt", [string x, long at]) => Runes(x) is var runes && at >= 0 && at <= runes.Length ? at == runes.Length ? "" : runes[at] : Failed,
        ("indexOf", [string x, string y]) => IndexOf(Runes(x), Runes(y)),
        ("substring", [string x, long from]) => Runes(x) is var runes ? Part(runes, from, runes.Length) : Failed,
        ("substring", [string x, long from, long to]) => Part(Runes(x), from, to),
        ("lowerAscii", [string x]) => string.Concat(x.Select(c => char.IsAsciiLetterUpper(c) ? (char)(c + 32) : c)),
        ("upperAscii", [string x]) => string.Concat(x.Select(c => char.IsAsciiLetterLower(c) ? (char)(c - 32) : c)),
        ("reverse", [string x]) => string.Concat(Runes(x).Reverse()),
        ("reverse", [PlainList x]) => new PlainList([.. x.Items.Reverse()]),
        ("slice", [PlainList x, long from, long to]) => from >= 0 && to >= from && to <= x.Items.Count ? new PlainList([.. x.Items.Take((int)to).Skip((int)from)]) : Failed,
        ("distinct", [PlainList x]) => x.Items.Aggregate(new PlainList([]), (kept, item) => Contains(kept, item) ? kept : new PlainList([.. kept.Items, item])),
        ("join", [PlainList x]) => x.Items.All(item => item is string) ? string.Concat(x.Items) : Failed,
        ("first", [PlainList x]) => new PlainOptional(x.Items.Count > 0, x.Items.Count > 0 ? x.Items[0] : null),
        ("last", [PlainList x]) => new PlainOptional(x.Items.Count > 0, x.Items.Count > 0 ? x.Items[^1] : null),
        ("hasValue", [PlainOptional x]) => x.HasValue,
        ("value", [PlainOptional { HasValue: true } x]) => x.Value,
        _ => Failed,
    };

    private static bool Contains(PlainList list, object? item) => list.Items.Any(other => Operations.Equal(other, item));

    private static string TypeOf(object? value) => value switch
    {
        null => "null_type",
        bool => "bool",
        long => "int",
        ulong => "uint",
        double => "double",
        string => "string",
        byte[] => "bytes",
        PlainList => "list",
        PlainMap => "map",
        PlainType => "type",
        PlainOptional => "optional_type",
        PlainTimestamp => "google.protobuf.Timestamp",
        _ => "google.protobuf.Duration",
    };

    private static object Size(object? value) => value switch
    {
        string x => (long)x.EnumerateRunes().Count(),
        byte[] x => (long)x.Length,
        PlainList x => (long)x.Items.Count,
        PlainMap x => (long)x.Entries.Count,
        _ => Failed,
    };

    private static string[] Runes(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    private static long IndexOf(string[] text, string[] part)
    {
        for (var at = 0; at + part.Length <= text.Length; at++)
        {
            if (text.AsSpan(at, part.Length).SequenceEqual(part))
            {
                return at;
            }
        }

        return -1;
    }

    private static object Part(string[] runes, long from, long to) => from >= 0 && from <= to && to <= runes.Length ? string.Concat(runes[(int)from..(int)to]) : Failed;

    private static object Utf8(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(bytes) ? text : Failed;
    }

    private static string Duration(BigInteger nanos)
    {
        var whole = BigInteger.DivRem(BigInteger.Abs(nanos), 1_000_000_000, out var rest);
        var fraction = rest.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        return $"{(nanos.Sign < 0 ? "-" : "")}{whole}{(fraction.Length > 0 ? "." : "")}{fraction}s";
    }

    /// <summary>The shortest digits; an exponent from 1e21 and below 1e-6.</summary>
    private static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }

        var parts = Shortest().Match(value.ToString("R", CultureInfo.InvariantCulture));
        var digits = (parts.Groups["whole"].Value + parts.Groups["fraction"].Value).TrimStart('0');
        if (digits.Length == 0)
        {
            return parts.Groups["sign"].Value + "0";
        }

        // Where the point stands, counted from the first digit that is not zero.
        var point = (parts.Groups["power"].Success ? int.Parse(parts.Groups["power"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0)
            + parts.Groups["whole"].Length - ((parts.Groups["whole"].Length + parts.Groups["fraction"].Length) - digits.Length);
        digits = digits.TrimEnd('0');
        var text = point is > 21 or <= -6
            ? $"{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1):00}"
            : point <= 0 ? $"0.{new string('0', -point)}{digits}"
            : point >= digits.Length ? digits.PadRight(point, '0')
            : $"{digits[..point]}.{digits[point..]}";
        return parts.Groups["sign"].Value + text;
    }

    [GeneratedRegex(@"^[+-]?[0-9]+\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^[0-9]+\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Decimal();

    [GeneratedRegex(@"^(?<sign>[+-]?)(?<whole>[0-9]+)(\.(?<fraction>[0-9]*))?s\z")]
    private static partial Regex Seconds();

    [GeneratedRegex(@"^(?<sign>-?)(?<whole>[0-9]+)(\.(?<fraction>[0-9]+))?(E(?<power>[+-][0-9]+))?\z")]
    private static partial Regex Shortest();
}
