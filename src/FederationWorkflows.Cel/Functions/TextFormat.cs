using System.Globalization;
using System.Text;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary><c>"...".format([...])</c> of the extension "strings": <c>%s %d %f %e %x %X %o %b %%</c>, with <c>%.3f</c> and <c>%.3e</c>.</summary>
internal static class TextFormat
{
    private const int MaxPrecision = 1000;

    public static IReadOnlyList<CelFunction> All { get; } = [Member("format", "string, list(dyn)", "string", Format)];

    /// <summary>A value as <c>%s</c> writes it.</summary>
    public static bool TryWrite(CelEvaluation evaluation, StringBuilder output, in CelValue value)
    {
        evaluation.Charge(1);
        switch (value.Kind)
        {
            case CelKind.Bytes:
                evaluation.ChargeLength(value.Bytes.Length);
                output.Append(Encoding.UTF8.GetString(value.Bytes.Span));
                return true;
            case CelKind.List:
                return TryWriteList(evaluation, output, value);
            case CelKind.Map:
                return TryWriteMap(evaluation, output, value);
            case CelKind.Optional or CelKind.Error:
                return false;
            default:
                var text = Conversions.ToText(value);
                evaluation.ChargeLength(text.Length);
                output.Append(text);
                return true;
        }
    }

    private static bool TryWriteList(CelEvaluation evaluation, StringBuilder output, in CelValue list)
    {
        CelEvaluation.Descend();
        output.Append('[');
        var elements = new Elements(evaluation, list);
        var separator = "";
        while (elements.MoveNext())
        {
            output.Append(separator);
            separator = ", ";
            if (!TryWrite(evaluation, output, elements.Value))
            {
                return false;
            }
        }

        output.Append(']');
        return true;
    }

    /// <summary>Keys in the order of their text, so that one map has one text.</summary>
    private static bool TryWriteMap(CelEvaluation evaluation, StringBuilder output, in CelValue map)
    {
        CelEvaluation.Descend();
        var entries = new List<(string Key, CelValue Value)>();
        var elements = new Elements(evaluation, map);
        while (elements.MoveNext())
        {
            entries.Add((Conversions.ToText(elements.Key), elements.Value));
        }

        output.Append('{');
        var separator = "";
        foreach (var (key, value) in entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            evaluation.ChargeLength(key.Length);
            output.Append(separator).Append(key).Append(": ");
            separator = ", ";
            if (!TryWrite(evaluation, output, value))
            {
                return false;
            }
        }

        output.Append('}');
        return true;
    }

    private static CelValue Format(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var (format, list) = (args[0].Text, args[1]);
        var output = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                output.Append(format[i]);
                continue;
            }

            i++;
            if (i < format.Length && format[i] == '%')
            {
                output.Append('%');
                continue;
            }

            var precision = 6;
            if (i < format.Length && format[i] == '.')
            {
                var start = ++i;
                while (i < format.Length && char.IsAsciiDigit(format[i]))
                {
                    i++;
                }

                if (!int.TryParse(format.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out precision) || precision > MaxPrecision)
                {
                    return CelValue.Error($"the precision behind '%.' is a number up to {MaxPrecision}");
                }
            }

            if (i >= format.Length)
            {
                return CelValue.Error("a '%' at the end of a format needs a letter, or another '%'");
            }

            if (next >= list.Count)
            {
                return CelValue.Error("index out of range: the format has more clauses than there are values", $"{next}");
            }

            var value = Access.Element(evaluation, list, next++);
            if (value.IsError)
            {
                return value;
            }

            if (!TryClause(evaluation, output, format[i], precision, value))
            {
                return CelValue.Error("could not format a value with the clause that stands for it", $"a {value.Type} with '%{format[i]}'");
            }

            evaluation.ChargeLength(1);
        }

        evaluation.ChargeLength(output.Length);
        return CelValue.Of(output.ToString());
    }

    private static bool TryClause(CelEvaluation evaluation, StringBuilder output, char clause, int precision, in CelValue value)
    {
        if (clause == 's')
        {
            return TryWrite(evaluation, output, value);
        }

        var text = (clause, value.Kind) switch
        {
            ('d', CelKind.Int or CelKind.Uint) => Conversions.ToText(value),
            ('d', CelKind.Double) => Conversions.ToText(value),
            ('f' or 'e', CelKind.Double) => Fixed(clause, precision, value.Double),
            ('f' or 'e', CelKind.Int) => Fixed(clause, precision, value.Int),
            ('f' or 'e', CelKind.Uint) => Fixed(clause, precision, value.Uint),
            ('b', CelKind.Bool) => value.Bool ? "1" : "0",
            ('b' or 'o' or 'x' or 'X', CelKind.Int) => (value.Int < 0 ? "-" : "") + InBase(clause, UInt128.CreateTruncating(Int128.Abs(value.Int))),
            ('b' or 'o' or 'x' or 'X', CelKind.Uint) => InBase(clause, value.Uint),
            ('x' or 'X', CelKind.String) => Hex(clause, Encoding.UTF8.GetBytes(value.Text)),
            ('x' or 'X', CelKind.Bytes) => Hex(clause, value.Bytes.Span),
            _ => null,
        };
        if (text is null)
        {
            return false;
        }

        evaluation.ChargeLength(text.Length);
        output.Append(text);
        return true;
    }

    private static string Fixed(char clause, int precision, double value) => !double.IsFinite(value)
        ? Conversions.ToText(value)
        : clause == 'f'
            ? value.ToString("F" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : value.ToString("0." + new string('0', precision) + "e+00", CultureInfo.InvariantCulture);

    private static string InBase(char clause, UInt128 value)
    {
        if (clause is 'x' or 'X')
        {
            return value.ToString(clause == 'x' ? "x" : "X", CultureInfo.InvariantCulture);
        }

        var (digits, radix) = (new StringBuilder(), clause == 'b' ? 2u : 8u);
        do
        {
            digits.Insert(0, (char)('0' + (int)(value % radix)));
            value /= radix;
        }
        while (value > 0);

        return digits.ToString();
    }

    private static string Hex(char clause, ReadOnlySpan<byte> bytes) => clause == 'x' ? Convert.ToHexStringLower(bytes) : Convert.ToHexString(bytes);
}
