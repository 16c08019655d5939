using System.Text;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Standard text functions and the extension "strings". Positions count code points, from 0.</summary>
internal static class StringFunctions
{
    /// <summary>What has Unicode's property White_Space.</summary>
    private const string Space = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("size", "string", "int", Size),
        Member("size", "string", "int", Size),
        Global("size", "bytes", "int", static (_, args) => CelValue.Of((long)args[0].Bytes.Length)),
        Member("size", "bytes", "int", static (_, args) => CelValue.Of((long)args[0].Bytes.Length)),
        Member("contains", "string, string", "bool", static (evaluation, args) => Test(evaluation, args, static (text, part) => text.Contains(part, StringComparison.Ordinal))),
        Member("startsWith", "string, string", "bool", static (evaluation, args) => Test(evaluation, args, static (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        Member("endsWith", "string, string", "bool", static (evaluation, args) => Test(evaluation, args, static (text, part) => text.EndsWith(part, StringComparison.Ordinal))),

        Member("charAt", "string, int", "string", CharAt),
        Member("indexOf", "string, string", "int", static (evaluation, args) => IndexOf(evaluation, args[0].Text, args[1].Text, 0)),
        Member("indexOf", "string, string, int", "int", static (evaluation, args) => IndexOf(evaluation, args[0].Text, args[1].Text, args[2].Int)),
        Member("lastIndexOf", "string, string", "int", static (evaluation, args) => LastIndexOf(evaluation, args[0].Text, args[1].Text, null)),
        Member("lastIndexOf", "string, string, int", "int", static (evaluation, args) => LastIndexOf(evaluation, args[0].Text, args[1].Text, args[2].Int)),
        Member("join", "list(string)", "string", static (evaluation, args) => Join(evaluation, args[0], "")),
        Member("join", "list(string), string", "string", static (evaluation, args) => Join(evaluation, args[0], args[1].Text)),
        Member("lowerAscii", "string", "string", static (evaluation, args) => Change(evaluation, args[0], static text => MapAscii(text, char.ToLowerInvariant))),
        Member("upperAscii", "string", "string", static (evaluation, args) => Change(evaluation, args[0], static text => MapAscii(text, char.ToUpperInvariant))),
        Member("reverse", "string", "string", static (evaluation, args) => Change(evaluation, args[0], CodePoints.Reverse)),
        Member("trim", "string", "string", static (evaluation, args) => Change(evaluation, args[0], static text => text.AsSpan().Trim(Space).ToString())),
        Member("replace", "string, string, string", "string", static (evaluation, args) => Replace(evaluation, args[0].Text, args[1].Text, args[2].Text, -1)),
        Member("replace", "string, string, string, int", "string", static (evaluation, args) => Replace(evaluation, args[0].Text, args[1].Text, args[2].Text, args[3].Int)),
        Member("split", "string, string", "list(string)", static (evaluation, args) => Split(evaluation, args[0].Text, args[1].Text, -1)),
        Member("split", "string, string, int", "list(string)", static (evaluation, args) => Split(evaluation, args[0].Text, args[1].Text, args[2].Int)),
        Member("substring", "string, int", "string", static (evaluation, args) => Substring(evaluation, args[0].Text, args[1].Int, null)),
        Member("substring", "string, int, int", "string", static (evaluation, args) => Substring(evaluation, args[0].Text, args[1].Int, args[2].Int)),
        Global("strings.quote", "string", "string", static (evaluation, args) => Change(evaluation, args[0], Quote)),
    ];

    private static CelValue Size(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var text = args[0].Text;
        evaluation.Charge(text.Length >> 4);
        return CelValue.Of((long)CodePoints.Count(text));
    }

    private static CelValue Test(CelEvaluation evaluation, ReadOnlySpan<CelValue> args, Func<string, string, bool> test)
    {
        var (text, part) = (args[0].Text, args[1].Text);
        ChargeSearch(evaluation, text, part);
        return CelValue.Of(test(text, part));
    }

    private static CelValue Change(CelEvaluation evaluation, in CelValue value, Func<string, string> change)
    {
        var text = value.Text;
        evaluation.ChargeLength(text.Length);
        return CelValue.Of(change(text));
    }

    /// <summary>Charges for looking for a text in another: where all but the end of a long one is found over and over, .NET compares it over and over.</summary>
    internal static void ChargeSearch(CelEvaluation evaluation, string text, string part) =>
        evaluation.Charge(((text.Length + part.Length) >> 4) + (Math.Max(0, (long)text.Length - part.Length) * part.Length >> 12));

    private static CelValue OutOfRange(long index) => CelValue.Error("index out of range: the text is shorter, or the index is negative", index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static CelValue CharAt(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var text = args[0].Text;
        evaluation.Charge(text.Length >> 4);
        var start = CodePoints.Offset(text, args[1].Int);
        return start < 0 ? OutOfRange(args[1].Int) : CelValue.Of(CodePoints.Split(text[start..]).FirstOrDefault(""));
    }

    private static CelValue IndexOf(CelEvaluation evaluation, string text, string part, long from)
    {
        ChargeSearch(evaluation, text, part);
        var start = CodePoints.Offset(text, from);
        if (start < 0)
        {
            return OutOfRange(from);
        }

        var found = text.IndexOf(part, start, StringComparison.Ordinal);
        return CelValue.Of(found < 0 ? -1L : CodePoints.Count(text.AsSpan(0, found)));
    }

    private static CelValue LastIndexOf(CelEvaluation evaluation, string text, string part, long? from)
    {
        ChargeSearch(evaluation, text, part);
        var start = from is { } index ? CodePoints.Offset(text, index) : text.Length;
        if (start < 0)
        {
            return OutOfRange(from!.Value);
        }

        var end = Math.Min(text.Length, start + part.Length);
        var found = text.AsSpan(0, end).LastIndexOf(part);
        return CelValue.Of(found < 0 ? -1L : CodePoints.Count(text.AsSpan(0, found)));
    }

    private static CelValue Join(CelEvaluation evaluation, in CelValue list, string separator)
    {
        var joined = new StringBuilder();
        var elements = new Elements(evaluation, list);
        var first = true;
        while (elements.MoveNext())
        {
            if (elements.Value.Kind != CelKind.String)
            {
                return CelValue.NoOverload("join()");
            }

            var text = elements.Value.Text;
            evaluation.ChargeLength((long)separator.Length + text.Length);
            joined.Append(first ? "" : separator).Append(text);
            first = false;
        }

        evaluation.ChargeLength(joined.Length);
        return CelValue.Of(joined.ToString());
    }

    private static string MapAscii(string text, Func<char, char> map) => string.Create(text.Length, (text, map), static (result, state) =>
    {
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = char.IsAscii(state.text[i]) ? state.map(state.text[i]) : state.text[i];
        }
    });

    private static CelValue Replace(CelEvaluation evaluation, string text, string part, string with, long limit)
    {
        if (limit == 0)
        {
            return CelValue.Of(text);
        }

        ChargeSearch(evaluation, text, part);
        var places = new List<int>();
        if (part.Length == 0)
        {
            for (var (i, at) = (0L, 0); at <= text.Length && (limit < 0 || places.Count < limit); i++)
            {
                places.Add(at);
                at = at < text.Length ? at + (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1) : text.Length + 1;
            }
        }
        else
        {
            for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0 && (limit < 0 || places.Count < limit); at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
            {
                places.Add(at);
            }
        }

        evaluation.ChargeLength(text.Length + ((long)places.Count * Math.Max(with.Length, part.Length)));
        var result = new StringBuilder();
        var copied = 0;
        foreach (var place in places)
        {
            result.Append(text, copied, place - copied).Append(with);
            copied = place + part.Length;
        }

        return CelValue.Of(result.Append(text, copied, text.Length - copied).ToString());
    }

    private static CelValue Split(CelEvaluation evaluation, string text, string separator, long limit)
    {
        evaluation.ChargeLength(text.Length);
        if (limit == 0)
        {
            return CelValue.ListOf();
        }

        var count = limit < 0 || limit > int.MaxValue ? int.MaxValue : (int)limit;
        string[] parts;
        if (separator.Length > 0)
        {
            ChargeSearch(evaluation, text, separator);
            evaluation.Charge(Math.Min(count, text.AsSpan().Count(separator)));
            parts = text.Split(separator, count, StringSplitOptions.None);
        }
        else
        {
            evaluation.Charge(text.Length);
            var all = CodePoints.Split(text).ToList();
            parts = all.Count <= count ? [.. all] : [.. all.Take(count - 1), string.Concat(all.Skip(count - 1))];
        }

        return CelValue.ListOf([.. parts.Select(part => CelValue.Of(part))]);
    }

    private static CelValue Substring(CelEvaluation evaluation, string text, long from, long? to)
    {
        evaluation.Charge(text.Length >> 4);
        var start = CodePoints.Offset(text, from);
        var end = to is { } index ? CodePoints.Offset(text, index) : text.Length;
        return start < 0 ? OutOfRange(from)
            : end < 0 ? OutOfRange(to!.Value)
            : end < start ? CelValue.Error("invalid substring range: the end lies before the start")
            : CelValue.Of(text[start..end]);
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\a' => quoted.Append(@"\a"),
                '\b' => quoted.Append(@"\b"),
                '\f' => quoted.Append(@"\f"),
                '\n' => quoted.Append(@"\n"),
                '\r' => quoted.Append(@"\r"),
                '\t' => quoted.Append(@"\t"),
                '\v' => quoted.Append(@"\v"),
                '\\' => quoted.Append(@"\\"),
                '"' => quoted.Append("\\\""),
                _ => quoted.Append(rune.ToString()),
            };
        }

        return quoted.Append('"').ToString();
    }
}
