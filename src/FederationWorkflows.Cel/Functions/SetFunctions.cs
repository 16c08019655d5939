using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Lists as sets (extension "sets").</summary>
internal static class SetFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("sets.contains", "list(A), list(A)", "bool", static (evaluation, args) => CelValue.Of(Contains(evaluation, args[0], args[1]))),
        Global("sets.equivalent", "list(A), list(A)", "bool", static (evaluation, args) =>
            CelValue.Of(Contains(evaluation, args[0], args[1]) && Contains(evaluation, args[1], args[0]))),
        Global("sets.intersects", "list(A), list(A)", "bool", static (evaluation, args) => CelValue.Of(Intersects(evaluation, args[0], args[1]))),
    ];

    private static bool Contains(CelEvaluation evaluation, in CelValue set, in CelValue part)
    {
        var elements = new Elements(evaluation, part);
        while (elements.MoveNext())
        {
            if (!Access.In(evaluation, elements.Value, set).Bool)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Intersects(CelEvaluation evaluation, in CelValue set, in CelValue other)
    {
        var elements = new Elements(evaluation, other);
        while (elements.MoveNext())
        {
            if (Access.In(evaluation, elements.Value, set).Bool)
            {
                return true;
            }
        }

        return false;
    }
}
