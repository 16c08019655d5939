using System.Collections;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Cel.Values;

/// <summary>A list that is not a <see cref="System.Text.Json.JsonElement"/>.</summary>
internal abstract class CelList
{
    public abstract int Count { get; }

    /// <summary>The list it reads, if it is one of the host.</summary>
    public virtual object? HostObject => null;

    public abstract CelValue Get(CelEvaluation evaluation, int index);
}

internal sealed class ArrayList(CelValue[] items, int count) : CelList
{
    public ArrayList(CelValue[] items)
        : this(items, items.Length)
    {
    }

    public override int Count => count;

    public override CelValue Get(CelEvaluation evaluation, int index) => items[index];
}

/// <summary>A list of the host, read in place.</summary>
internal sealed class HostList(IList items) : CelList
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override CelValue Get(CelEvaluation evaluation, int index) => evaluation.Adapt(items[index]);
}

internal sealed class HostReadOnlyList(IReadOnlyList<object?> items) : CelList
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override CelValue Get(CelEvaluation evaluation, int index) => evaluation.Adapt(items[index]);
}

internal sealed class NodeList(JsonArray items) : CelList
{
    public override int Count => items.Count;

    public override object? HostObject => items;

    public override CelValue Get(CelEvaluation evaluation, int index) => evaluation.Adapt(items[index]);
}
