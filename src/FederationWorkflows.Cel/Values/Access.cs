namespace FederationWorkflows.Cel.Values;

/// <summary>Fields, keys, indexes and membership.</summary>
internal static class Access
{
    public static int MapCount(in CelValue map) => map.MapObject?.Count ?? map.Json.GetPropertyCount();

    /// <summary>The entry of a map.</summary>
    public static bool TryFind(CelEvaluation evaluation, in CelValue map, in CelValue key, out CelValue value)
    {
        evaluation.Charge(1);
        evaluation.ChargeKey(key);
        if (map.MapObject is { } entries)
        {
            return entries.TryGet(evaluation, key, out value);
        }

        evaluation.ChargeReading(map);
        if (key.Kind == CelKind.String && key.Text is var name && UnicodeText.FindHalfPair(name) < 0 && map.Json.TryGetProperty(name, out var found))
        {
            value = CelValue.Of(found);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary><c>operand.field</c>.</summary>
    public static CelValue Field(CelEvaluation evaluation, in CelValue operand, FieldName field)
    {
        switch (operand.Kind)
        {
            case CelKind.Map:
                return field.TryFind(evaluation, operand, out var value) ? value : NoSuchKey(field.Text);
            case CelKind.Optional:
                return OptionalField(evaluation, operand, field);
            case CelKind.Error:
                return operand;
            case CelKind.Null:
                return CelValue.Missing($"no such overload: null has no fields; write default(x.{field.Text}, ...) where x may be null");
            default:
                return CelValue.Error($"no such overload: a {operand.Type} has no fields", $"'{field.Text}'");
        }
    }

    /// <summary><c>operand.?field</c>.</summary>
    public static CelValue OptionalField(CelEvaluation evaluation, in CelValue operand, FieldName field)
    {
        switch (operand.Kind)
        {
            case CelKind.Map:
                return field.TryFind(evaluation, operand, out var value) ? CelValue.Some(value) : CelValue.None;
            case CelKind.Optional:
                CelEvaluation.Descend();
                return operand.HasValue ? OptionalField(evaluation, operand.OptionalValue, field) : operand;
            default:
                return Field(evaluation, operand, field);
        }
    }

    /// <summary><c>has(operand.field)</c>.</summary>
    public static CelValue Has(CelEvaluation evaluation, in CelValue operand, FieldName field)
    {
        switch (operand.Kind)
        {
            case CelKind.Map:
                return CelValue.Of(field.TryFind(evaluation, operand, out _));
            case CelKind.Optional:
                CelEvaluation.Descend();
                return operand.HasValue ? Has(evaluation, operand.OptionalValue, field) : CelValue.False;
            default:
                return Field(evaluation, operand, field);
        }
    }

    /// <summary><c>operand[index]</c>.</summary>
    public static CelValue Index(CelEvaluation evaluation, in CelValue operand, in CelValue index)
    {
        switch (operand.Kind)
        {
            case CelKind.List:
                return IndexOf(index) switch
                {
                    null => CelValue.NoOverload("[]"),
                    { } at when at >= 0 && at < operand.Count => Element(evaluation, operand, (int)at),
                    _ => CelValue.Missing("index out of range: elements are counted from 0", $"the list has {operand.Count}"),
                };
            case CelKind.Map:
                return !IsKey(index) ? CelValue.NoOverload("[]")
                    : TryFind(evaluation, operand, index, out var value) ? value
                    : NoSuchKey(index.Kind == CelKind.String ? index.Text : Functions.Conversions.ToText(index));
            case CelKind.Optional:
                return OptionalIndex(evaluation, operand, index);
            case CelKind.Null:
                return CelValue.Missing("no such overload: null has no elements; write default(x[...], ...) where x may be null");
            default:
                return CelValue.NoOverload("[]");
        }
    }

    /// <summary><c>operand[?index]</c>.</summary>
    public static CelValue OptionalIndex(CelEvaluation evaluation, in CelValue operand, in CelValue index)
    {
        switch (operand.Kind)
        {
            case CelKind.List:
                return IndexOf(index) switch
                {
                    null => CelValue.NoOverload("[?]"),
                    { } at when at >= 0 && at < operand.Count => CelValue.Some(Element(evaluation, operand, (int)at)),
                    _ => CelValue.None,
                };
            case CelKind.Map:
                return !IsKey(index) ? CelValue.NoOverload("[?]")
                    : TryFind(evaluation, operand, index, out var value) ? CelValue.Some(value)
                    : CelValue.None;
            case CelKind.Optional:
                CelEvaluation.Descend();
                return operand.HasValue ? OptionalIndex(evaluation, operand.OptionalValue, index) : operand;
            default:
                return CelValue.NoOverload("[?]");
        }
    }

    /// <summary>An element of a list, whose index is known to be in range.</summary>
    public static CelValue Element(CelEvaluation evaluation, in CelValue list, int index)
    {
        // .NET finds an element of a JSON list by going through those before it.
        evaluation.Charge(1 + (list.IsJson ? index >> 5 : 0));
        return list.ListObject is { } items ? items.Get(evaluation, index) : CelValue.Of(list.Json[index]);
    }

    /// <summary><c>item in container</c>.</summary>
    public static CelValue In(CelEvaluation evaluation, in CelValue item, in CelValue container)
    {
        if (container.Kind == CelKind.Map)
        {
            return CelValue.Of(IsKey(item) && TryFind(evaluation, container, item, out _));
        }

        if (container.Kind != CelKind.List)
        {
            return CelValue.NoOverload("in");
        }

        var elements = new Elements(evaluation, container);
        while (elements.MoveNext())
        {
            if (Equality.Equal(evaluation, item, elements.Value))
            {
                return CelValue.True;
            }
        }

        return CelValue.False;
    }

    private static CelValue NoSuchKey(string key) => CelValue.Missing("no such key; test with has() or use '.?' where it may be missing", $"'{key}'");

    private static bool IsKey(in CelValue value) => value.Kind is CelKind.String or CelKind.Bool || Equality.IsNumber(value.Kind);

    /// <summary>Numbers that count something whole are indexes, whatever their type.</summary>
    private static long? IndexOf(in CelValue index) => index.Kind switch
    {
        CelKind.Int => index.Int,
        CelKind.Uint => index.Uint <= long.MaxValue ? (long)index.Uint : -1,
        CelKind.Double when Math.Floor(index.Double) == index.Double => Math.Abs(index.Double) < int.MaxValue ? (long)index.Double : -1,
        _ => null,
    };
}

/// <summary>A field's name, ready to be looked up in JSON without being encoded again.</summary>
internal sealed class FieldName(string text)
{
    private readonly byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text);
    private readonly CelValue key = CelValue.Of(text);

    public string Text => text;

    public bool TryFind(CelEvaluation evaluation, in CelValue map, out CelValue value)
    {
        evaluation.Charge(1);
        if (map.MapObject is { } entries)
        {
            return entries.TryGet(evaluation, key, out value);
        }

        evaluation.ChargeReading(map);
        if (map.Json.TryGetProperty(utf8, out var found))
        {
            value = CelValue.Of(found);
            return true;
        }

        value = default;
        return false;
    }
}
