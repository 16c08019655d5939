namespace FederationWorkflows.Cel.Values;

/// <summary>What is less than what (CEL specification: "Ordering"): text by code points, numbers across their types.</summary>
internal static class Ordering
{
    /// <summary>The sign of the comparison; null when one is NaN.</summary>
    public static int? CompareNumbers(in CelValue a, in CelValue b) => (a.Kind, b.Kind) switch
    {
        (CelKind.Int, CelKind.Int) => a.Int.CompareTo(b.Int),
        (CelKind.Uint, CelKind.Uint) => a.Uint.CompareTo(b.Uint),
        (CelKind.Int, CelKind.Uint) => ((Int128)a.Int).CompareTo(b.Uint),
        (CelKind.Uint, CelKind.Int) => ((Int128)a.Uint).CompareTo(b.Int),
        (CelKind.Double, CelKind.Double) => double.IsNaN(a.Double) || double.IsNaN(b.Double) ? null : a.Double == b.Double ? 0 : a.Double.CompareTo(b.Double),
        (CelKind.Double, _) => -CompareWithDouble(b, a.Double),
        _ => CompareWithDouble(a, b.Double),
    };

    /// <summary>The sign of the comparison, in <paramref name="sign"/>; null there when one is NaN. False when the types have no order.</summary>
    public static bool TryCompare(CelEvaluation evaluation, in CelValue a, in CelValue b, out int? sign)
    {
        sign = null;
        if (Equality.IsNumber(a.Kind) && Equality.IsNumber(b.Kind))
        {
            sign = CompareNumbers(a, b);
            return true;
        }

        if (a.Kind != b.Kind)
        {
            return false;
        }

        switch (a.Kind)
        {
            case CelKind.Bool:
                sign = a.Bool.CompareTo(b.Bool);
                return true;
            case CelKind.String:
                var (left, right) = (a.Text, b.Text);
                evaluation.Charge(1 + (Math.Min(left.Length, right.Length) >> 4));
                sign = CompareText(left, right);
                return true;
            case CelKind.Bytes:
                evaluation.Charge(1 + (a.Bytes.Length >> 4));
                sign = a.Bytes.Span.SequenceCompareTo(b.Bytes.Span);
                return true;
            case CelKind.Timestamp:
                sign = a.Timestamp.CompareTo(b.Timestamp);
                return true;
            case CelKind.Duration:
                sign = a.Duration.Nanos.CompareTo(b.Duration.Nanos);
                return true;
            default:
                return false;
        }
    }

    /// <summary>UTF-16 puts code points above U+FFFF below U+E000: where texts differ, surrogates count as higher.</summary>
    internal static int CompareText(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        var (x, y) = (a[common], b[common]);
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y) : char.IsSurrogate(x) ? 1 : -1;
    }

    /// <summary>The integer is rounded to a double first, as all implementations have it: the specification's tests ask for it.</summary>
    private static int? CompareWithDouble(in CelValue integer, double number) => double.IsNaN(number)
        ? null
        : (integer.Kind == CelKind.Int ? (double)integer.Int : integer.Uint).CompareTo(number);
}
