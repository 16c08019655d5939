using System.Text.Json;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel;

/// <summary>What an evaluation gave.</summary>
/// <param name="Value">
/// Null, bool, long, ulong, double, string, byte[], DateTimeOffset, TimeSpan, <see cref="JsonElement"/> for lists and maps that are JSON
/// still, <c>List&lt;object?&gt;</c>, <c>Dictionary&lt;object, object?&gt;</c>, a type's name, or an opaque value's text. An optional is its value or null.
/// A list or dictionary of the host, when <see cref="ICelActivation.KeepsHostValues"/>.
/// </param>
/// <param name="IsConfidential">Something confidential was read on the way; the value must be kept as such.</param>
public readonly record struct CelResult(object? Value, bool IsConfidential)
{
    private static readonly object True = true;
    private static readonly object False = false;

    internal static CelResult From(CelEvaluation evaluation, in CelValue value)
    {
        if (value.HostObject is { } kept && evaluation.Activation.KeepsHostValues)
        {
            return new(kept, evaluation.IsConfidential);
        }

        // What is taken out can turn out to be confidential on the way.
        var exported = Export(evaluation, value);
        return new(exported, evaluation.IsConfidential);
    }

    /// <summary>The kind only: the value may be a secret.</summary>
    public override string ToString() => IsConfidential ? "confidential" : Value?.GetType().Name ?? "null";

    internal static object? Export(CelEvaluation evaluation, in CelValue value)
    {
        switch (value.Kind)
        {
            case CelKind.Null:
                return null;
            case CelKind.Bool:
                return value.Bool ? True : False;
            case CelKind.Int:
                return value.Int;
            case CelKind.Uint:
                return value.Uint;
            case CelKind.Double:
                return value.Double;
            case CelKind.String:
                return value.Text;
            case CelKind.Bytes:
                return value.Bytes.ToArray();
            case CelKind.Timestamp:
                return value.Timestamp.ToDateTimeOffset();
            case CelKind.Duration:
                return value.Duration.ToTimeSpan();
            case CelKind.Type:
                return value.TypeValue.Name;
            case CelKind.Optional:
                CelEvaluation.Descend();
                return value.HasValue ? Export(evaluation, value.OptionalValue) : null;
            case CelKind.Opaque:
                return value.OpaqueValue.Text;
            default:
                return value.IsJson ? value.Json : ExportContainer(evaluation, value);
        }
    }

    private static object ExportContainer(CelEvaluation evaluation, in CelValue value)
    {
        CelEvaluation.Descend();
        var elements = new Elements(evaluation, value);
        if (value.Kind == CelKind.List)
        {
            var list = new List<object?>(value.Count);
            while (elements.MoveNext())
            {
                list.Add(Checked(evaluation, elements.Value));
            }

            return list;
        }

        var map = new Dictionary<object, object?>();
        while (elements.MoveNext())
        {
            evaluation.ChargeKey(elements.Key);
            map[Export(evaluation, elements.Key)!] = Checked(evaluation, elements.Value);
        }

        return map;
    }

    /// <summary>A value of the host that has no meaning in the language is found when it is taken out at the latest.</summary>
    private static object? Checked(CelEvaluation evaluation, in CelValue value)
    {
        // One text can stand in a list many times at no cost, until it is written out.
        evaluation.Charge(value.Kind == CelKind.Bytes ? value.Bytes.Length >> 4 : value.Kind == CelKind.String || value.IsJson ? value.RawLength >> 4 : 0);
        return value.IsError ? throw new CelException(value.Fault.Message) : Export(evaluation, value);
    }
}
