using System.Collections;
using System.Globalization;
using System.Numerics;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Tests;

/// <summary>
/// Values of the language as plain .NET values that tests compare and print: null, bool, long, ulong, double, string, byte[], <see cref="PlainList"/>,
/// <see cref="PlainMap"/> and the records below. Nothing of the library takes part in comparing them.
/// </summary>
internal static class Plain
{
    public static object? From(CelEvaluation evaluation, CelValue value) => value.Kind switch
    {
        CelKind.Null => null,
        CelKind.Bool => value.Bool,
        CelKind.Int => value.Int,
        CelKind.Uint => value.Uint,
        CelKind.Double => value.Double,
        CelKind.String => value.Text,
        CelKind.Bytes => value.Bytes.ToArray(),
        CelKind.Timestamp => new PlainTimestamp((new BigInteger(value.Timestamp.Seconds) * 1_000_000_000) + value.Timestamp.Nanos),
        CelKind.Duration => new PlainDuration(value.Duration.Nanos),
        CelKind.Type => new PlainType(value.TypeValue.Name),
        CelKind.Optional => new PlainOptional(value.HasValue, value.HasValue ? From(evaluation, value.OptionalValue) : null),
        CelKind.Opaque => new PlainOpaque(value.OpaqueValue.Type.Name, value.OpaqueValue.Text),
        CelKind.List => new PlainList([.. Entries(evaluation, value).Select(entry => entry.Value)]),
        CelKind.Map => new PlainMap([.. Entries(evaluation, value)]),
        _ => throw new InvalidOperationException($"An error came out as a value: {value.Fault.Message}"),
    };

    /// <summary>Equal in type and value; NaN is NaN, and a map's order does not count.</summary>
    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (double x, double y) => x.Equals(y),
        (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
        (PlainList x, PlainList y) => x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(pair => Same(pair.First, pair.Second)),
        (PlainMap x, PlainMap y) => x.Entries.Count == y.Entries.Count
            && x.Entries.All(entry => y.Entries.Any(other => Same(entry.Key, other.Key) && Same(entry.Value, other.Value))),
        (PlainOptional x, PlainOptional y) => x.HasValue == y.HasValue && Same(x.Value, y.Value),
        _ => a is not null && b is not null && a.GetType() == b.GetType() && a.Equals(b),
    };

    public static string Show(object? value) => value switch
    {
        null => "null",
        bool x => x ? "true" : "false",
        ulong x => x.ToString(CultureInfo.InvariantCulture) + "u",
        double x => x.ToString("R", CultureInfo.InvariantCulture) + "d",
        string x => $"'{x}'",
        byte[] x => $"b'{Convert.ToHexString(x)}'",
        PlainList x => $"[{string.Join(", ", x.Items.Select(Show))}]",
        PlainMap x => $"{{{string.Join(", ", x.Entries.Select(entry => $"{Show(entry.Key)}: {Show(entry.Value)}"))}}}",
        PlainOptional x => x.HasValue ? $"optional.of({Show(x.Value)})" : "optional.none()",
        IFormattable x => x.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static IEnumerable<(object? Key, object? Value)> Entries(CelEvaluation evaluation, CelValue value)
    {
        var elements = new Elements(evaluation, value);
        var entries = new List<(object?, object?)>();
        while (elements.MoveNext())
        {
            entries.Add((From(evaluation, elements.Key), From(evaluation, elements.Value)));
        }

        return entries;
    }
}

internal sealed record PlainList(IReadOnlyList<object?> Items) : IEnumerable
{
    public IEnumerator GetEnumerator() => Items.GetEnumerator();
}

internal sealed record PlainMap(IReadOnlyList<(object? Key, object? Value)> Entries);

internal sealed record PlainTimestamp(BigInteger Nanos);

internal sealed record PlainDuration(BigInteger Nanos);

internal sealed record PlainType(string Name);

internal sealed record PlainOptional(bool HasValue, object? Value);

internal sealed record PlainOpaque(string Type, string Text);
