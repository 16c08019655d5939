using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>Variables with random JSON-like data, as plain values and in the forms in which a host gives them.</summary>
internal sealed class RandomData(Random random)
{
    public static readonly IReadOnlyList<string> Texts = ["", "a", "ab", "A b", "b", "é😀", "1", "-2", "1.5", "true", "\u0000\n", "10s", "NaN", "\uE000"];
    public static readonly IReadOnlyList<string> Keys = ["a", "b", "key", "with space", "if"];
    public static readonly IReadOnlyList<long> Integers = [0, 1, 2, 3, -1, -7, 10, 255, long.MaxValue, long.MinValue, 1L << 53, (1L << 53) + 1];

    public PlainVariables Next()
    {
        var plain = new Dictionary<string, object?>
        {
            ["data"] = Map(3),
            ["items"] = List(3),
            ["text"] = random.GetItems([.. Texts], 1)[0],
            ["number"] = random.GetItems([.. Integers], 1)[0],
            ["anything"] = Value(2),
        };
        return new PlainVariables(plain, new PlainInput(plain.ToDictionary(
            pair => pair.Key,
            pair => (pair.Key switch
            {
                "text" => CelType.String,
                "number" => CelType.Int,
                _ => CelType.Dyn,
            }, Host(pair.Value)))));
    }

    private object? Value(int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.GetItems([.. Integers], 1)[0],
        3 => random.Next(-100, 100) + 0.5,
        4 => random.GetItems([.. Texts], 1)[0],
        5 => List(depth - 1),
        _ => Map(depth - 1),
    };

    private PlainList List(int depth) => new([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth))]);

    private PlainMap Map(int depth) => new([.. Keys.Where(_ => random.Next(2) == 0).Select(key => ((object?)key, Value(depth)))]);

    /// <summary>The same data as JSON text, as a JSON tree, as .NET collections or as it is.</summary>
    private object? Host(object? value) => random.Next(4) switch
    {
        0 => JsonSerializer.SerializeToElement(Json(value)),
        1 when value is not null => Json(value),
        2 => Collections(value),
        _ => value,
    };

    private static JsonNode? Json(object? value) => value switch
    {
        null => null,
        bool x => JsonValue.Create(x),
        long x => JsonValue.Create(x),
        double x => JsonValue.Create(x),
        string x => JsonValue.Create(x),
        PlainList x => new JsonArray([.. x.Items.Select(Json)]),
        PlainMap x => new JsonObject(x.Entries.Select(entry => KeyValuePair.Create((string)entry.Key!, Json(entry.Value)))),
        _ => throw new InvalidOperationException($"{Plain.Show(value)} is not JSON."),
    };

    private static object? Collections(object? value) => value switch
    {
        PlainList x => x.Items.Select(Collections).ToList(),
        PlainMap x => x.Entries.ToDictionary(entry => (string)entry.Key!, entry => Collections(entry.Value)),
        _ => value,
    };
}

/// <param name="Plain">What the interpreter reads.</param>
/// <param name="Input">What the library reads.</param>
internal sealed record PlainVariables(IReadOnlyDictionary<string, object?> Plain, PlainInput Input);
