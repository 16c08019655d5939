using System.Globalization;
using System.Text;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Conversions between types (CEL specification: "List of Standard Definitions").</summary>
internal static class Conversions
{
    /// <summary>No number is written longer than the shortest and the longest double, digit by digit.</summary>
    private const int MaxNumberLength = 1100;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("dyn", "A", "dyn", static (_, args) => args[0]),
        Global("type", "A", "type(A)", static (_, args) => CelValue.Of(args[0].Type)),

        Global("bool", "bool", "bool", static (_, args) => args[0]),
        Global("bool", "string", "bool", static (_, args) => args[0].Text switch
        {
            "true" or "True" or "TRUE" or "t" or "1" => CelValue.True,
            "false" or "False" or "FALSE" or "f" or "0" => CelValue.False,
            var text => Unreadable(text, "bool", "true or false"),
        }),

        Global("int", "int", "int", static (_, args) => args[0]),
        Global("int", "uint", "int", static (_, args) => args[0].Uint <= long.MaxValue ? CelValue.Of((long)args[0].Uint) : OutOfRange("int")),
        Global("int", "double", "int", static (_, args) => args[0].Double is > -9223372036854775808d and < 9223372036854775808d and var value ? CelValue.Of((long)value) : OutOfRange("int")),
        Global("int", "string", "int", static (_, args) => IsNumber(args[0].Text) && long.TryParse(args[0].Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? CelValue.Of(value)
            : Unreadable(args[0].Text, "int", "a whole number such as 42")),
        Global("int", "timestamp", "int", static (_, args) => CelValue.Of(args[0].Timestamp.Seconds)),

        Global("uint", "uint", "uint", static (_, args) => args[0]),
        Global("uint", "int", "uint", static (_, args) => args[0].Int >= 0 ? CelValue.Of((ulong)args[0].Int) : OutOfRange("uint")),
        Global("uint", "double", "uint", static (_, args) => args[0].Double is >= 0 and < 18446744073709551616d and var value ? CelValue.Of((ulong)value) : OutOfRange("uint")),
        Global("uint", "string", "uint", static (_, args) => IsNumber(args[0].Text) && ulong.TryParse(args[0].Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? CelValue.Of(value)
            : Unreadable(args[0].Text, "uint", "a whole number such as 42")),

        Global("double", "double", "double", static (_, args) => args[0]),
        Global("double", "int", "double", static (_, args) => CelValue.Of((double)args[0].Int)),
        Global("double", "uint", "double", static (_, args) => CelValue.Of((double)args[0].Uint)),
        Global("double", "string", "double", static (_, args) => ToDouble(args[0].Text)),

        Global("string", "string", "string", static (_, args) => args[0]),
        Global("string", "bool", "string", Text),
        Global("string", "int", "string", Text),
        Global("string", "uint", "string", Text),
        Global("string", "double", "string", Text),
        Global("string", "timestamp", "string", Text),
        Global("string", "duration", "string", Text),
        Global("string", "bytes", "string", static (evaluation, args) =>
        {
            evaluation.ChargeLength(args[0].Bytes.Length);
            try
            {
                return CelValue.Of(StrictUtf8.GetString(args[0].Bytes.Span));
            }
            catch (DecoderFallbackException)
            {
                return CelValue.Error("invalid UTF-8: these bytes are not text");
            }
        }),

        Global("bytes", "bytes", "bytes", static (_, args) => args[0]),
        Global("bytes", "string", "bytes", static (evaluation, args) =>
        {
            var text = args[0].Text;
            evaluation.ChargeLength(text.Length);
            return CelValue.Of(Encoding.UTF8.GetBytes(text));
        }),

        Global("timestamp", "timestamp", "timestamp", static (_, args) => args[0]),
        Global("timestamp", "int", "timestamp", static (_, args) => new CelTimestamp(args[0].Int, 0) is { IsInRange: true } time
            ? CelValue.Of(time)
            : CelValue.Error("timestamp out of range: the years 1 to 9999 can be expressed")),
        Global("timestamp", "string", "timestamp", static (_, args) => CelTimestamp.TryParse(args[0].Text, out var time)
            ? CelValue.Of(time)
            : Unreadable(args[0].Text, "timestamp", "RFC 3339 such as 2026-01-31T12:00:00Z, in the years 1 to 9999")),

        Global("duration", "duration", "duration", static (_, args) => args[0]),
        Global("duration", "string", "duration", static (_, args) => CelDuration.Parse(args[0].Text) is { } duration
            ? CelValue.Of(duration)
            : Unreadable(args[0].Text, "duration", "numbers with units such as 1h30m or 1.5s, up to about 292 years")),
        Global("duration", "int", "duration", static (_, args) => CelDuration.FromNanos((Int128)args[0].Int * CelTimestamp.NanosPerSecond) is { } duration
            ? CelValue.Of(duration)
            : CelValue.Error("duration overflow: about 292 years can be expressed")),
    ];

    /// <summary>A scalar as <c>string(x)</c> gives it.</summary>
    public static string ToText(in CelValue value) => value.Kind switch
    {
        CelKind.String => value.Text,
        CelKind.Bool => value.Bool ? "true" : "false",
        CelKind.Int => value.Int.ToString(CultureInfo.InvariantCulture),
        CelKind.Uint => value.Uint.ToString(CultureInfo.InvariantCulture),
        CelKind.Double => ToText(value.Double),
        CelKind.Timestamp => value.Timestamp.ToString(),
        CelKind.Duration => value.Duration.ToString(),
        CelKind.Type => value.TypeValue.Name,
        CelKind.Opaque => value.OpaqueValue.Text,
        CelKind.Null => "null",
        _ => value.Kind.ToString(),
    };

    /// <summary>The shortest digits that read back the same; an exponent from 1e21 and below 1e-6, as in JSON.</summary>
    public static string ToText(double value)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "Infinity" : "-Infinity";
        }

        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var magnitude = value == 0 ? 0 : int.Parse(text.AsSpan(text.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (magnitude is >= -6 and < 21)
        {
            return shortest.Contains('E', StringComparison.Ordinal) ? decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture) : shortest;
        }

        var (digits, exponent) = shortest.Split('E') is [var mantissa, var power]
            ? (mantissa, int.Parse(power, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            : (shortest, 0);
        return $"{digits}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent):00}";
    }

    private static CelValue Text(CelEvaluation evaluation, ReadOnlySpan<CelValue> args) => CelValue.Of(ToText(args[0]));

    private static CelValue ToDouble(string text) => text switch
    {
        "NaN" => CelValue.Of(double.NaN),
        "Infinity" or "+Infinity" or "Inf" or "+Inf" => CelValue.Of(double.PositiveInfinity),
        "-Infinity" or "-Inf" => CelValue.Of(double.NegativeInfinity),
        _ => IsNumber(text) && double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value)
                ? CelValue.Of(value)
                : Unreadable(text, "double", "a number such as 1.5"),
    };

    /// <summary>.NET takes NUL characters behind a number.</summary>
    private static bool IsNumber(string text) => text.Length <= MaxNumberLength && !text.Contains('\0', StringComparison.Ordinal);

    private static CelValue OutOfRange(string type) => CelValue.Error($"range error: the number does not fit {(type == "int" ? "an int" : "a uint")}");

    private static CelValue Unreadable(string text, string type, string form) => CelValue.Error($"type conversion error: {(type == "int" ? "an" : "a")} {type} is written as {form}; this is not", $"'{text}'");
}
