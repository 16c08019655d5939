using System.Text.Json;

namespace FederationWorkflows.Cel.Values;

/// <summary>Goes through a list's elements with their indexes, or through a map's entries; each step is charged.</summary>
internal struct Elements
{
    private readonly CelEvaluation evaluation;
    private readonly CelValue source;
    private readonly IEnumerator<CelValue>? keys;
    private JsonElement.ArrayEnumerator array;
    private JsonElement.ObjectEnumerator properties;
    private int index = -1;

    /// <param name="evaluation">The evaluation that pays.</param>
    /// <param name="source">A list or a map.</param>
    public Elements(CelEvaluation evaluation, in CelValue source)
    {
        this.evaluation = evaluation;
        this.source = source;
        if (source.Kind == CelKind.Map)
        {
            keys = source.MapObject?.Keys(evaluation);
            properties = source.IsJson ? source.Json.EnumerateObject() : default;
        }
        else
        {
            array = source.IsJson ? source.Json.EnumerateArray() : default;
        }
    }

    public readonly bool IsMap => source.Kind == CelKind.Map;

    /// <summary>The index in a list; the key in a map.</summary>
    public CelValue Key { get; private set; }

    public CelValue Value { get; private set; }

    public bool MoveNext()
    {
        evaluation.Charge(1);
        if (source.Kind == CelKind.List)
        {
            index++;
            Key = CelValue.Of((long)index);
            if (source.ListObject is { } items)
            {
                if (index >= items.Count)
                {
                    return false;
                }

                Value = items.Get(evaluation, index);
                return true;
            }

            if (!array.MoveNext())
            {
                return false;
            }

            Value = CelValue.Of(array.Current);
            return true;
        }

        if (keys is not null)
        {
            if (!keys.MoveNext())
            {
                return false;
            }

            Key = keys.Current;
            source.MapObject!.TryGet(evaluation, keys.Current, out var value);
            Value = value;
            return true;
        }

        if (!properties.MoveNext())
        {
            return false;
        }

        Key = CelValue.Of(properties.Current.Name);
        Value = CelValue.Of(properties.Current.Value);
        return true;
    }
}
