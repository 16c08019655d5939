namespace FederationWorkflows.Cel.Values;

/// <summary>Equality across all types: values of different types are unequal, numbers are equal by what they count (CEL specification: "Equality").</summary>
internal static class Equality
{
    public static bool Equal(CelEvaluation evaluation, in CelValue a, in CelValue b)
    {
        if (a.Kind != b.Kind)
        {
            return IsNumber(a.Kind) && IsNumber(b.Kind) && Ordering.CompareNumbers(a, b) == 0;
        }

        switch (a.Kind)
        {
            case CelKind.Null:
                return true;
            case CelKind.Bool:
            case CelKind.Int:
            case CelKind.Uint:
                return a.Int == b.Int;
            case CelKind.Double:
                // NaN equals nothing, and the two zeros are equal.
                return Ordering.CompareNumbers(a, b) == 0;
            case CelKind.String:
                evaluation.Charge((a.RawLength + b.RawLength) >> 8);
                return TextEqual(a, b);
            case CelKind.Bytes:
                evaluation.Charge(1 + (a.Bytes.Length >> 4));
                return a.Bytes.Span.SequenceEqual(b.Bytes.Span);
            case CelKind.Timestamp:
                return a.Timestamp == b.Timestamp;
            case CelKind.Duration:
                return a.Duration == b.Duration;
            case CelKind.Type:
                return a.TypeValue.Name == b.TypeValue.Name;
            case CelKind.Optional:
                CelEvaluation.Descend();
                return a.HasValue == b.HasValue && (!a.HasValue || Equal(evaluation, a.OptionalValue, b.OptionalValue));
            case CelKind.List:
                return ListsEqual(evaluation, a, b);
            case CelKind.Map:
                return MapsEqual(evaluation, a, b);
            default:
                return a.OpaqueValue.Equals(b.OpaqueValue);
        }
    }

    internal static bool IsNumber(CelKind kind) => kind is CelKind.Int or CelKind.Uint or CelKind.Double;

    /// <summary>Compares with JSON where it lies, without making a string of it.</summary>
    private static bool TextEqual(in CelValue a, in CelValue b) =>
        a.IsJson ? a.Json.ValueEquals(b.Text)
        : b.IsJson ? b.Json.ValueEquals(a.Text)
        : a.Text == b.Text;

    private static bool ListsEqual(CelEvaluation evaluation, in CelValue a, in CelValue b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        CelEvaluation.Descend();
        var left = new Elements(evaluation, a);
        var right = new Elements(evaluation, b);
        while (left.MoveNext() && right.MoveNext())
        {
            if (!Equal(evaluation, left.Value, right.Value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MapsEqual(CelEvaluation evaluation, in CelValue a, in CelValue b)
    {
        if (Access.MapCount(a) != Access.MapCount(b))
        {
            return false;
        }

        CelEvaluation.Descend();
        var left = new Elements(evaluation, a);
        while (left.MoveNext())
        {
            if (!Access.TryFind(evaluation, b, left.Key, out var other) || !Equal(evaluation, left.Value, other))
            {
                return false;
            }
        }

        return true;
    }
}
