using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>The extension "math".</summary>
internal static class MathFunctions
{
    private static readonly string[] Numbers = ["int", "uint", "double"];

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        .. Extreme("math.greatest", 1),
        .. Extreme("math.least", -1),
        .. Double("math.ceil", Math.Ceiling),
        .. Double("math.floor", Math.Floor),
        .. Double("math.round", static value => Math.Round(value, MidpointRounding.AwayFromZero)),
        .. Double("math.trunc", Math.Truncate),
        Global("math.isInf", "double", "bool", static (_, args) => CelValue.Of(double.IsInfinity(args[0].Double))),
        Global("math.isNaN", "double", "bool", static (_, args) => CelValue.Of(double.IsNaN(args[0].Double))),
        Global("math.isFinite", "double", "bool", static (_, args) => CelValue.Of(double.IsFinite(args[0].Double))),
        Global("math.sqrt", "double", "double", static (_, args) => CelValue.Of(Math.Sqrt(args[0].Double))),
        Global("math.sqrt", "int", "double", static (_, args) => CelValue.Of(Math.Sqrt(args[0].Int))),
        Global("math.sqrt", "uint", "double", static (_, args) => CelValue.Of(Math.Sqrt(args[0].Uint))),

        Global("math.abs", "int", "int", static (_, args) => args[0].Int == long.MinValue ? CelValue.Error("integer overflow: the result does not fit 64 bits") : CelValue.Of(Math.Abs(args[0].Int))),
        Global("math.abs", "uint", "uint", static (_, args) => args[0]),
        Global("math.abs", "double", "double", static (_, args) => CelValue.Of(Math.Abs(args[0].Double))),
        Global("math.sign", "int", "int", static (_, args) => CelValue.Of((long)Math.Sign(args[0].Int))),
        Global("math.sign", "uint", "uint", static (_, args) => CelValue.Of(args[0].Uint == 0 ? 0UL : 1UL)),
        Global("math.sign", "double", "double", static (_, args) => CelValue.Of(double.IsNaN(args[0].Double) ? double.NaN : (double)Math.Sign(args[0].Double))),

        .. Bits("math.bitAnd", static (a, b) => a & b),
        .. Bits("math.bitOr", static (a, b) => a | b),
        .. Bits("math.bitXor", static (a, b) => a ^ b),
        Global("math.bitNot", "int", "int", static (_, args) => CelValue.Of(~args[0].Int)),
        Global("math.bitNot", "uint", "uint", static (_, args) => CelValue.Of(~args[0].Uint)),
        Global("math.bitShiftLeft", "int, int", "int", static (_, args) => Shift(args, static (value, by) => CelValue.Of(by > 63 ? 0 : value.Int << by))),
        Global("math.bitShiftLeft", "uint, int", "uint", static (_, args) => Shift(args, static (value, by) => CelValue.Of(by > 63 ? 0 : value.Uint << by))),
        Global("math.bitShiftRight", "int, int", "int", static (_, args) => Shift(args, static (value, by) => CelValue.Of(by > 63 ? 0 : (long)(value.Uint >> by)))),
        Global("math.bitShiftRight", "uint, int", "uint", static (_, args) => Shift(args, static (value, by) => CelValue.Of(by > 63 ? 0 : value.Uint >> by))),
    ];

    private static IEnumerable<CelFunction> Double(string name, Func<double, double> function) =>
        [Global(name, "double", "double", (_, args) => CelValue.Of(function(args[0].Double)))];

    private static IEnumerable<CelFunction> Bits(string name, Func<ulong, ulong, ulong> function) =>
    [
        Global(name, "int, int", "int", (_, args) => CelValue.Of((long)function(args[0].Uint, args[1].Uint))),
        Global(name, "uint, uint", "uint", (_, args) => CelValue.Of(function(args[0].Uint, args[1].Uint))),
    ];

    private static CelValue Shift(ReadOnlySpan<CelValue> args, Func<CelValue, int, CelValue> shift) => args[1].Int < 0
        ? CelValue.Error("the number of bits to shift by is negative")
        : shift(args[0], (int)Math.Min(args[1].Int, 64));

    /// <summary>One number, two, or a list; more arguments are read as a list by the parser.</summary>
    private static IEnumerable<CelFunction> Extreme(string name, int sign) =>
    [
        .. Numbers.Select(type => Global(name, type, type, static (_, args) => args[0])),
        .. from left in Numbers from right in Numbers select Global(name, $"{left}, {right}", left == right ? left : "dyn", (_, args) => Better(args[1], args[0], sign) ? args[1] : args[0]),
        .. Numbers.Select(type => Global(name, $"list({type})", type, (evaluation, args) => OfList(evaluation, name, args[0], sign))),
    ];

    private static bool Better(in CelValue candidate, in CelValue best, int sign) => Ordering.CompareNumbers(candidate, best) is { } order && order * sign > 0;

    private static CelValue OfList(CelEvaluation evaluation, string name, in CelValue list, int sign)
    {
        CelValue? best = null;
        var elements = new Elements(evaluation, list);
        while (elements.MoveNext())
        {
            if (!Equality.IsNumber(elements.Value.Kind))
            {
                return CelValue.NoOverload(name + "()");
            }

            best = best is { } known && !Better(elements.Value, known, sign) ? known : elements.Value;
        }

        return best ?? CelValue.Error($"{name}() of an empty list");
    }
}
