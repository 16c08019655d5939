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
    private CelValue value;

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

    /// <summary>The element, or the entry's value. A map that is not JSON is asked for it only here: who goes through its names reads no secret that is in it.</summary>
    public readonly CelValue Value
    {
        get
        {
            if (keys is null)
            {
                return value;
            }

            source.MapObject!.TryGet(evaluation, Key, out var found);
            return found;
        }
    }

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

                value = items.Get(evaluation, index);
                return true;
            }

            if (!array.MoveNext())
            {
                return false;
            }

            value = CelValue.Of(array.Current);
            return true;
        }

        if (keys is not null)
        {
            if (!keys.MoveNext())
            {
                return false;
            }

            Key = keys.Current;
            return true;
        }

        if (!properties.MoveNext())
        {
            return false;
        }

        Key = CelValue.Of(properties.Current.Name);
        value = CelValue.Of(properties.Current.Value);
        return true;
    }
}
