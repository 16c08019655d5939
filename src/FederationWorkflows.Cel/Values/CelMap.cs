using System.Collections;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Cel.Values;

/// <summary>A map that is not a <see cref="System.Text.Json.JsonElement"/>.</summary>
internal abstract class CelMap
{
    public abstract int Count { get; }

    /// <summary>The dictionary it reads, if it is one of the host.</summary>
    public virtual object? HostObject => null;

    public abstract bool TryGet(CelEvaluation evaluation, in CelValue key, out CelValue value);

    public abstract IEnumerator<CelValue> Keys(CelEvaluation evaluation);
}

/// <summary>A map that an expression made.</summary>
internal sealed class EntryMap : CelMap
{
    private readonly Dictionary<MapKey, (CelValue Key, CelValue Value)> entries = [];

    public override int Count => entries.Count;

    public void Set(in CelValue key, in CelValue value) => entries[MapKey.Of(key)!.Value] = (key, value);

    /// <summary>False when the key is there already, or is of a type that cannot be a key.</summary>
    public bool TryAdd(in CelValue key, in CelValue value) => MapKey.Of(key) is { } entry && entries.TryAdd(entry, (key, value));

    public override bool TryGet(CelEvaluation evaluation, in CelValue key, out CelValue value)
    {
        if (MapKey.Of(key) is { } entry && entries.TryGetValue(entry, out var found))
        {
            value = found.Value;
            return true;
        }

        value = default;
        return false;
    }

    public override IEnumerator<CelValue> Keys(CelEvaluation evaluation) => entries.Values.Select(entry => entry.Key).GetEnumerator();
}

/// <summary>A dictionary of the host with text as keys, read in place.</summary>
internal sealed class HostMap(IDictionary items) : CelMap
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override bool TryGet(CelEvaluation evaluation, in CelValue key, out CelValue value)
    {
        if (key.Kind == CelKind.String && items.Contains(key.Text))
        {
            value = evaluation.Adapt(items[key.Text]);
            return true;
        }

        value = default;
        return false;
    }

    public override IEnumerator<CelValue> Keys(CelEvaluation evaluation)
    {
        foreach (var key in items.Keys)
        {
            yield return CelValue.Of((string)key);
        }
    }
}

internal sealed class HostReadOnlyMap(IReadOnlyDictionary<string, object?> items) : CelMap
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override bool TryGet(CelEvaluation evaluation, in CelValue key, out CelValue value)
    {
        if (key.Kind == CelKind.String && items.TryGetValue(key.Text, out var found))
        {
            value = evaluation.Adapt(found);
            return true;
        }

        value = default;
        return false;
    }

    public override IEnumerator<CelValue> Keys(CelEvaluation evaluation) => items.Keys.Select(key => CelValue.Of(key)).GetEnumerator();
}

internal sealed class NodeMap(JsonObject items) : CelMap
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override bool TryGet(CelEvaluation evaluation, in CelValue key, out CelValue value)
    {
        if (key.Kind == CelKind.String && items.TryGetPropertyValue(key.Text, out var found))
        {
            value = evaluation.Adapt(found);
            return true;
        }

        value = default;
        return false;
    }

    public override IEnumerator<CelValue> Keys(CelEvaluation evaluation) => items.Select(item => CelValue.Of(item.Key)).GetEnumerator();
}

/// <summary>A key under which equal keys meet: 1, 1u and 1.0 are one key (CEL specification: "Equality").</summary>
internal readonly record struct MapKey(CelKind Kind, long Bits, string? Text)
{
    /// <summary>Both halves are mixed with a secret of the process: .NET folds them by a rule that anybody can make numbers collide with.</summary>
    public override int GetHashCode() => HashCode.Combine(Kind, (int)Bits, (int)(Bits >> 32), Text);

    /// <summary>Null when the value cannot be a key.</summary>
    public static MapKey? Of(in CelValue value) => value.Kind switch
    {
        CelKind.String => new(CelKind.String, 0, value.Text),
        CelKind.Bool => new(CelKind.Bool, value.Bool ? 1 : 0, null),
        CelKind.Int => new(CelKind.Int, value.Int, null),
        CelKind.Uint when value.Uint <= long.MaxValue => new(CelKind.Int, (long)value.Uint, null),
        CelKind.Uint => new(CelKind.Uint, (long)value.Uint, null),
        CelKind.Double => OfDouble(value.Double),
        _ => null,
    };

    private static MapKey? OfDouble(double value) => value switch
    {
        _ when Math.Floor(value) != value => null,
        >= -9223372036854775808d and < 9223372036854775808d => new(CelKind.Int, (long)value, null),
        >= 9223372036854775808d and < 18446744073709551616d => new(CelKind.Uint, (long)(ulong)value, null),
        _ => null,
    };
}
