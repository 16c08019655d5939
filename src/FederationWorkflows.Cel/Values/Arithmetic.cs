using FederationWorkflows.Cel.Syntax;

namespace FederationWorkflows.Cel.Values;

/// <summary>Arithmetic that says when a result does not fit (CEL specification: "Overflow").</summary>
internal static class Arithmetic
{
    public static CelValue Calculate(CelEvaluation evaluation, BinaryOperator op, in CelValue a, in CelValue b) => (a.Kind, b.Kind) switch
    {
        (CelKind.Int, CelKind.Int) => Ints(op, a.Int, b.Int),
        (CelKind.Uint, CelKind.Uint) => Uints(op, a.Uint, b.Uint),
        (CelKind.Double, CelKind.Double) => Doubles(op, a.Double, b.Double),
        (CelKind.String, CelKind.String) when op == BinaryOperator.Add => Concat(evaluation, a.Text, b.Text),
        (CelKind.Bytes, CelKind.Bytes) when op == BinaryOperator.Add => Concat(evaluation, a.Bytes, b.Bytes),
        (CelKind.List, CelKind.List) when op == BinaryOperator.Add => Concat(evaluation, a, b),
        (CelKind.Timestamp, CelKind.Duration) when op == BinaryOperator.Add => Shift(a.Timestamp, b.Duration.Nanos),
        (CelKind.Duration, CelKind.Timestamp) when op == BinaryOperator.Add => Shift(b.Timestamp, (Int128)a.Duration.Nanos),
        (CelKind.Timestamp, CelKind.Duration) when op == BinaryOperator.Subtract => Shift(a.Timestamp, -(Int128)b.Duration.Nanos),
        (CelKind.Timestamp, CelKind.Timestamp) when op == BinaryOperator.Subtract => Length(a.Timestamp.TotalNanos - b.Timestamp.TotalNanos),
        (CelKind.Duration, CelKind.Duration) when op == BinaryOperator.Add => Length((Int128)a.Duration.Nanos + b.Duration.Nanos),
        (CelKind.Duration, CelKind.Duration) when op == BinaryOperator.Subtract => Length((Int128)a.Duration.Nanos - b.Duration.Nanos),
        _ => CelValue.NoOverload(Checking.Operators.SymbolOf(op)),
    };

    public static CelValue Negate(in CelValue value) => value.Kind switch
    {
        CelKind.Int when value.Int == long.MinValue => Overflow("integer"),
        CelKind.Int => CelValue.Of(-value.Int),
        CelKind.Double => CelValue.Of(-value.Double),
        _ => CelValue.NoOverload("-"),
    };

    private static CelValue Ints(BinaryOperator op, long a, long b)
    {
        if (op is BinaryOperator.Divide or BinaryOperator.Modulo)
        {
            return b == 0 ? DivisionByZero(op)
                : a == long.MinValue && b == -1 ? Overflow("integer")
                : CelValue.Of(op == BinaryOperator.Divide ? a / b : a % b);
        }

        var exact = op switch
        {
            BinaryOperator.Add => (Int128)a + b,
            BinaryOperator.Subtract => (Int128)a - b,
            _ => (Int128)a * b,
        };
        return exact >= long.MinValue && exact <= long.MaxValue ? CelValue.Of((long)exact) : Overflow("integer");
    }

    private static CelValue Uints(BinaryOperator op, ulong a, ulong b)
    {
        if (op is BinaryOperator.Divide or BinaryOperator.Modulo)
        {
            return b == 0 ? DivisionByZero(op) : CelValue.Of(op == BinaryOperator.Divide ? a / b : a % b);
        }

        if (op == BinaryOperator.Subtract)
        {
            return a >= b ? CelValue.Of(a - b) : Overflow("unsigned integer");
        }

        var exact = op == BinaryOperator.Add ? (UInt128)a + b : (UInt128)a * b;
        return exact <= ulong.MaxValue ? CelValue.Of((ulong)exact) : Overflow("unsigned integer");
    }

    private static CelValue Doubles(BinaryOperator op, double a, double b) => op switch
    {
        BinaryOperator.Add => CelValue.Of(a + b),
        BinaryOperator.Subtract => CelValue.Of(a - b),
        BinaryOperator.Multiply => CelValue.Of(a * b),
        BinaryOperator.Divide => CelValue.Of(a / b),
        _ => CelValue.NoOverload("%"),
    };

    private static CelValue Overflow(string what) => CelValue.Error($"{what} overflow: the result does not fit 64 bits");

    private static CelValue DivisionByZero(BinaryOperator op) => CelValue.Error(op == BinaryOperator.Divide ? "division by zero" : "modulus by zero");

    private static CelValue Concat(CelEvaluation evaluation, string a, string b)
    {
        evaluation.ChargeLength((long)a.Length + b.Length);
        return CelValue.Of(a + b);
    }

    private static CelValue Concat(CelEvaluation evaluation, ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b)
    {
        evaluation.ChargeLength((long)a.Length + b.Length);
        return CelValue.Of([.. a.Span, .. b.Span]);
    }

    private static CelValue Concat(CelEvaluation evaluation, in CelValue a, in CelValue b)
    {
        var items = new CelValue[a.Count + b.Count];
        var next = 0;
        var (left, right) = (new Elements(evaluation, a), new Elements(evaluation, b));
        while (left.MoveNext())
        {
            items[next++] = left.Value;
        }

        while (right.MoveNext())
        {
            items[next++] = right.Value;
        }

        return CelValue.ListOf(items);
    }

    private static CelValue Shift(CelTimestamp time, Int128 nanos)
    {
        var shifted = CelTimestamp.FromTotalNanos(time.TotalNanos + nanos);
        return shifted.IsInRange ? CelValue.Of(shifted) : CelValue.Error("timestamp overflow: the years 1 to 9999 can be expressed");
    }

    private static CelValue Length(Int128 nanos) =>
        CelDuration.FromNanos(nanos) is { } duration ? CelValue.Of(duration) : CelValue.Error("duration overflow: about 292 years can be expressed");
}
