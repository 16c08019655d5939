using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Tests;

/// <summary>Variables by full name, with plain values or values of the host.</summary>
internal sealed class PlainInput(IReadOnlyDictionary<string, (CelType Type, object? Value)> variables) : ICelNames, ICelActivation
{
    public IEnumerable<string> Roots => variables.Keys.Select(name => name.Split('.')[0]);

    public CelVariable? Find(ReadOnlySpan<string> path)
    {
        var name = string.Join('.', path.ToArray());
        return variables.TryGetValue(name, out var variable) ? new CelVariable(name, variable.Type) : null;
    }

    /// <summary>Values of the host are given as they are.</summary>
    public object? Read(CelVariable variable) => variables[variable.Name].Value switch
    {
        JsonElement or JsonNode or Dictionary<string, object?> or List<object?> => variables[variable.Name].Value,
        var value => Adapt(value),
    };

    public static CelValue Adapt(object? value) => value switch
    {
        null => CelValue.Null,
        bool x => CelValue.Of(x),
        long x => CelValue.Of(x),
        ulong x => CelValue.Of(x),
        double x => CelValue.Of(x),
        string x => CelValue.Of(x),
        byte[] x => CelValue.Of(x),
        PlainTimestamp x => CelValue.Of(CelTimestamp.FromTotalNanos((Int128)x.Nanos)),
        PlainDuration x => CelValue.Of(CelDuration.FromNanos((Int128)x.Nanos)!.Value),
        PlainList x => CelValue.ListOf([.. x.Items.Select(Adapt)]),
        PlainMap x => AdaptMap(x),
        PlainOptional x => x.HasValue ? CelValue.Some(Adapt(x.Value)) : CelValue.None,
        PlainType { Name: "bool" } => CelValue.Of(CelType.Bool),
        PlainType { Name: "int" } => CelValue.Of(CelType.Int),
        PlainType { Name: "string" } => CelValue.Of(CelType.String),
        _ => throw new InvalidOperationException($"No variable can be {Plain.Show(value)}."),
    };

    private static CelValue AdaptMap(PlainMap map)
    {
        var entries = new EntryMap();
        foreach (var (key, value) in map.Entries)
        {
            entries.Set(Adapt(key), Adapt(value));
        }

        return CelValue.Of(entries);
    }
}
