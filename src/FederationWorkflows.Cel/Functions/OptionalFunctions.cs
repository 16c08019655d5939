using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Values that may be missing (extension "optionals").</summary>
internal static class OptionalFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("optional.of", "A", "optional(A)", static (_, args) => CelValue.Some(args[0])),
        Global("optional.none", "", "optional(A)", static (_, _) => CelValue.None),
        Global("optional.ofNonZeroValue", "A", "optional(A)", static (_, args) => IsZero(args[0]) ? CelValue.None : CelValue.Some(args[0])),
        Global("optional.unwrap", "list(optional(A))", "list(A)", Unwrap),
        Member("unwrapOpt", "list(optional(A))", "list(A)", Unwrap),
        Member("hasValue", "optional(A)", "bool", static (_, args) => CelValue.Of(args[0].HasValue)),
        Member("value", "optional(A)", "A", static (_, args) => args[0].HasValue
            ? args[0].OptionalValue
            : CelValue.Error("optional.none() dereference: there is no value; use orValue(x) to say what stands for it")),
        Member("or", "optional(A), optional(A)", "optional(A)", static (_, args) => args[0].HasValue ? args[0] : args[1]),
        Member("orValue", "optional(A), A", "A", static (_, args) => args[0].HasValue ? args[0].OptionalValue : args[1]),
    ];

    private static bool IsZero(in CelValue value) => value.Kind switch
    {
        CelKind.Null => true,
        CelKind.Bool or CelKind.Int or CelKind.Uint or CelKind.Duration => value.Int == 0,
        CelKind.Double => value.Double == 0,
        CelKind.String => value.IsJson ? value.Json.ValueEquals("") : value.Text.Length == 0,
        CelKind.Bytes => value.Bytes.IsEmpty,
        CelKind.List => value.Count == 0,
        CelKind.Map => Access.MapCount(value) == 0,
        CelKind.Optional => !value.HasValue,
        CelKind.Timestamp => value.Timestamp == default,
        _ => false,
    };

    private static CelValue Unwrap(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var items = new List<CelValue>();
        var elements = new Elements(evaluation, args[0]);
        while (elements.MoveNext())
        {
            if (elements.Value.Kind != CelKind.Optional)
            {
                return CelValue.NoOverload("unwrapOpt()");
            }

            if (elements.Value.HasValue)
            {
                items.Add(elements.Value.OptionalValue);
            }
        }

        return CelValue.ListOf([.. items]);
    }
}
