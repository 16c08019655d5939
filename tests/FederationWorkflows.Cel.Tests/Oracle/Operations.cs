using System.Numerics;

namespace FederationWorkflows.Cel.Tests.Oracle;

/// <summary>Operators on plain values (CEL specification: "List of Standard Definitions", "Equality", "Ordering", "Overflow").</summary>
internal static class Operations
{
    private static readonly object Failed = Failure.Instance;

    public static (object? Key, object? Value)? Find(PlainMap map, object? key)
    {
        foreach (var entry in map.Entries)
        {
            if (SameKey(entry.Key, key))
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>A number that counts something whole.</summary>
    public static BigInteger? AsInteger(object? value) => value switch
    {
        long x => x,
        ulong x => x,
        double x when double.IsInteger(x) => new BigInteger(x),
        _ => null,
    };

    public static object? Unary(string symbol, object? value) => (symbol, value) switch
    {
        ("!", bool x) => !x,
        ("-", long x) => Int(-(BigInteger)x),
        ("-", double x) => -x,
        _ => Failed,
    };

    public static object? Binary(string symbol, object? a, object? b) => symbol switch
    {
        "==" => Equal(a, b),
        "!=" => !Equal(a, b),
        "<" => Ordered(a, b, sign => sign < 0),
        "<=" => Ordered(a, b, sign => sign <= 0),
        ">" => Ordered(a, b, sign => sign > 0),
        ">=" => Ordered(a, b, sign => sign >= 0),
        "in" => b switch
        {
            PlainList list => list.Items.Any(item => Equal(a, item)),
            PlainMap map => Find(map, a) is not null,
            _ => Failed,
        },
        _ => Arithmetic(symbol, a, b),
    };

    public static bool Equal(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (long or ulong or double, long or ulong or double) => CompareNumbers(a, b) == 0,
        (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
        (PlainList x, PlainList y) => x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(pair => Equal(pair.First, pair.Second)),
        (PlainMap x, PlainMap y) => x.Entries.Count == y.Entries.Count && x.Entries.All(entry => Find(y, entry.Key) is { } other && Equal(entry.Value, other.Value)),
        (PlainOptional x, PlainOptional y) => x.HasValue == y.HasValue && (!x.HasValue || Equal(x.Value, y.Value)),
        _ => a is not null && b is not null && a.GetType() == b.GetType() && a.Equals(b),
    };

    /// <summary>The sign of a comparison; null when the types have no order or one is NaN.</summary>
    public static int? Compare(object? a, object? b) => (a, b) switch
    {
        (long or ulong or double, long or ulong or double) => CompareNumbers(a, b),
        (bool x, bool y) => x.CompareTo(y),
        (string x, string y) => x.EnumerateRunes().Select(rune => rune.Value).ToArray().AsSpan().SequenceCompareTo(y.EnumerateRunes().Select(rune => rune.Value).ToArray()),
        (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
        (PlainTimestamp x, PlainTimestamp y) => x.Nanos.CompareTo(y.Nanos),
        (PlainDuration x, PlainDuration y) => x.Nanos.CompareTo(y.Nanos),
        _ => null,
    };

    public static object Int(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : Failed;

    public static object Uint(BigInteger value) => value >= 0 && value <= ulong.MaxValue ? (ulong)value : Failed;

    private static bool SameKey(object? a, object? b) => (AsInteger(a), AsInteger(b)) is ({ } x, { } y) ? x == y : a is string or bool && Equal(a, b);

    private static object? Ordered(object? a, object? b, Func<int, bool> holds) =>
        Compare(a, b) is { } sign ? holds(sign)
        : a is double or long or ulong && b is double or long or ulong ? false
        : Failed;

    private static int? CompareNumbers(object a, object b) => (a, b) switch
    {
        (double x, double y) => double.IsNaN(x) || double.IsNaN(y) ? null : x < y ? -1 : x > y ? 1 : 0,
        (double x, _) => CompareNumbers(x, b is long y ? (double)y : (ulong)b),
        (_, double y) => CompareNumbers(a is long x ? (double)x : (ulong)a, y),
        _ => AsInteger(a)!.Value.CompareTo(AsInteger(b)!.Value),
    };

    private static object? Arithmetic(string symbol, object? a, object? b) => (symbol, a, b) switch
    {
        (_, long x, long y) => Integers(symbol, x, y) is { } exact ? Int(exact) : Failed,
        (_, ulong x, ulong y) => Integers(symbol, x, y) is { } exact ? Uint(exact) : Failed,
        ("+", double x, double y) => x + y,
        ("-", double x, double y) => x - y,
        ("*", double x, double y) => x * y,
        ("/", double x, double y) => x / y,
        ("+", string x, string y) => x + y,
        ("+", byte[] x, byte[] y) => (byte[])[.. x, .. y],
        ("+", PlainList x, PlainList y) => new PlainList([.. x.Items, .. y.Items]),
        ("+", PlainTimestamp x, PlainDuration y) => Timestamp(x.Nanos + y.Nanos),
        ("+", PlainDuration x, PlainTimestamp y) => Timestamp(x.Nanos + y.Nanos),
        ("+", PlainDuration x, PlainDuration y) => Duration(x.Nanos + y.Nanos),
        ("-", PlainTimestamp x, PlainDuration y) => Timestamp(x.Nanos - y.Nanos),
        ("-", PlainTimestamp x, PlainTimestamp y) => Duration(x.Nanos - y.Nanos),
        ("-", PlainDuration x, PlainDuration y) => Duration(x.Nanos - y.Nanos),
        _ => Failed,
    };

    private static BigInteger? Integers(string symbol, BigInteger x, BigInteger y) => symbol switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" when !y.IsZero => BigInteger.Divide(x, y),

        // The quotient has to fit as well: the smallest int modulo -1 is an overflow.
        "%" when !y.IsZero && !(x == long.MinValue && y == -1) => BigInteger.Remainder(x, y),
        _ => null,
    };

    public static object Timestamp(BigInteger nanos) =>
        nanos >= new BigInteger(-62_135_596_800) * 1_000_000_000 && nanos < new BigInteger(253_402_300_800) * 1_000_000_000 ? new PlainTimestamp(nanos) : Failed;

    public static object Duration(BigInteger nanos) => nanos >= long.MinValue && nanos <= long.MaxValue ? new PlainDuration(nanos) : Failed;
}
