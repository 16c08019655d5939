using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>
/// An object of an activity, such as the answer to a request, as a map of its properties by their JSON names. Values stay what they are,
/// so secrets among them stay secrets.
/// </summary>
internal sealed class RecordView : IReadOnlyDictionary<string, object?>
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, Func<object, object?>>?> Shapes = new();

    private readonly object record;
    private readonly Dictionary<string, Func<object, object?>> shape;

    private RecordView(object record, Dictionary<string, Func<object, object?>> shape)
    {
        this.record = record;
        this.shape = shape;
    }

    /// <summary>The object that is seen.</summary>
    public object Record => record;

    public int Count => shape.Count;

    public IEnumerable<string> Keys => shape.Keys;

    public IEnumerable<object?> Values => shape.Values.Select(read => read(record));

    public object? this[string key] => shape[key](record);

    /// <summary>Null when the value is no object with properties.</summary>
    public static RecordView? Of(object value) => Shapes.GetOrAdd(value.GetType(), ShapeOf) is { } shape ? new RecordView(value, shape) : null;

    public bool ContainsKey(string key) => shape.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        value = null;
        if (!shape.TryGetValue(key, out var read))
        {
            return false;
        }

        value = read(record);
        return true;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => shape.Select(property => KeyValuePair.Create(property.Key, property.Value(record))).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static Dictionary<string, Func<object, object?>>? ShapeOf(Type type)
    {
        var info = JsonValues.Options.GetTypeInfo(type);
        return info.Kind == JsonTypeInfoKind.Object && type.Assembly != typeof(object).Assembly
            ? info.Properties.Where(property => property.Get is not null).ToDictionary(property => property.Name, property => property.Get!)
            : null;
    }
}
