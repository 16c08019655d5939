using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// What people see of an execution, by name. Nearly always it is stored and never looked at in this process, so it is kept as the JSON object
/// that is stored, and read when somebody asks for a value.
/// </summary>
/// <param name="json">A JSON object as UTF-8, each name once.</param>
internal sealed class ShownValues(byte[] json) : IReadOnlyDictionary<string, JsonElement>
{
    private IReadOnlyDictionary<string, JsonElement>? values;

    public static ShownValues Nothing { get; } = new("{}"u8.ToArray());

    /// <summary>All of it.</summary>
    public ReadOnlySpan<byte> Json => json;

    public bool IsEmpty => json.Length == Nothing.Json.Length;

    public IEnumerable<string> Keys => Values.Keys;

    IEnumerable<JsonElement> IReadOnlyDictionary<string, JsonElement>.Values => Values.Values;

    public int Count => IsEmpty ? 0 : Values.Count;

    public JsonElement this[string key] => Values[key];

    private IReadOnlyDictionary<string, JsonElement> Values => values ??= JsonSerializer.Deserialize(json, StoredRecordsJson.Default.IReadOnlyDictionaryStringJsonElement)!;

    public bool ContainsKey(string key) => Values.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out JsonElement value) => Values.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, JsonElement>> GetEnumerator() => Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
