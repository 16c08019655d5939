using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.State;

/// <summary>
/// Values of a run as JSON and back, each with its type. Sensitive values are encrypted, large ones are kept apart and referred to.
/// Thread-safe; one serves the whole process.
/// </summary>
public sealed class StateCodec
{
    /// <summary>Larger texts and bodies are stored apart, once, in bytes.</summary>
    internal const int PayloadThreshold = 32 * 1024;

    /// <summary>A value as deep as JSON may come in stands a few levels down in the state, and lists of values take two levels each.</summary>
    internal const int MaxDepth = 1_000;

    private const string TypeTag = "$";

    private const string ValueTag = "v";

    private readonly ISensitiveValueProtector protector;

    private readonly FrozenDictionary<string, Type> typesByName;

    private readonly FrozenDictionary<Type, string> namesByType;

    private readonly JsonSerializerOptions options;

    /// <summary>A codec that knows the given types beside the plain ones. Values of other types come back as JSON.</summary>
    public StateCodec(ISensitiveValueProtector protector, IEnumerable<Type> types)
    {
        this.protector = protector;
        typesByName = TypeAlias.All.Select(known => known.Type)
            .Concat([typeof(Bookmark), typeof(RunTimer), typeof(Incident), typeof(Outcomes), .. FlowStates.Types])
            .Concat(types)
            .SelectMany(type => type.IsArray ? [type] : new[] { type, type.MakeArrayType() })
            .DistinctBy(NameOf)
            .ToFrozenDictionary(NameOf, StringComparer.Ordinal);
        namesByType = typesByName.ToFrozenDictionary(known => known.Value, known => known.Key);
        options = new JsonSerializerOptions(JsonValues.Options) { MaxDepth = MaxDepth, Converters = { new ProtectingConverterFactory(this), new JsonStringEnumConverter() } };
    }

    /// <summary>The types that activities of a catalog take and give.</summary>
    public static IEnumerable<Type> TypesOf(ActivityCatalog catalog) =>
        catalog.All.SelectMany(descriptor => descriptor.Inputs.Where(i => i.IsWrapped).Select(i => i.Type).Concat(descriptor.Outputs.Select(o => o.Type)))
            .Select(type => Nullable.GetUnderlyingType(type) ?? type)
            .Select(type => typeof(Sensitive).IsAssignableFrom(type) && type.IsGenericType ? type.GetGenericArguments()[0] : type)
            .Where(type => !type.IsInterface && !type.IsAbstract);

    /// <summary>A value by itself, as UTF-8 JSON; sensitive values in it are encrypted.</summary>
    public byte[] Encode(object? value) =>
        JsonBytes.Write((Codec: this, Value: value), static (writer, what) => what.Codec.Write(writer, what.Value, PayloadStore.Inline));

    /// <summary>The value of <see cref="Encode"/>.</summary>
    /// <exception cref="InvalidOperationException">It has a type that this server does not know.</exception>
    public object? Decode(ReadOnlyMemory<byte> data) => Read(Parse(data.ToArray()), PayloadStore.Inline);

    internal static JsonElement Parse(byte[] saved)
    {
        using var document = JsonDocument.Parse(saved, new JsonDocumentOptions { MaxDepth = MaxDepth });
        return document.RootElement.Clone();
    }

    internal void Write(Utf8JsonWriter writer, object? value, PayloadStore payloads)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text when text.Length > PayloadThreshold:
                WriteTagged(writer, "text*", payloads.Add(Encoding.UTF8.GetBytes(text)));
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case JsonElement json:
                WriteJson(writer, json, payloads);
                break;
            case byte[] { Length: > PayloadThreshold } bytes:
                WriteTagged(writer, "bytes*", payloads.Add(bytes));
                break;
            case Sensitive sensitive:
                WriteTagged(writer, "secret", Protect(sensitive));
                writer.Flush();
                break;
            case object?[] when value.GetType() == typeof(object[]):
            case List<object?>:
                WriteStart(writer, "list");
                writer.WriteStartArray();
                foreach (var item in (IReadOnlyList<object?>)value)
                {
                    Write(writer, item, payloads);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
                break;
            case IReadOnlyDictionary<string, object?> map:
                WriteStart(writer, "map");
                writer.WriteStartObject();
                foreach (var (key, item) in map)
                {
                    writer.WritePropertyName(key);
                    Write(writer, item, payloads);
                }

                writer.WriteEndObject();
                writer.WriteEndObject();
                break;
            default:
                var type = value.GetType();
                WriteStart(writer, namesByType.GetValueOrDefault(type, "json"));
                if (value is Array { Length: 0 } and not byte[])
                {
                    writer.WriteStartArray();
                    writer.WriteEndArray();
                }
                else
                {
                    JsonSerializer.Serialize(writer, value, type, options);
                }

                writer.WriteEndObject();
                break;
        }
    }

    internal object? Read(JsonElement json, PayloadStore payloads)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return JsonValues.Unwrap(json);
        }

        var tag = json.GetProperty(TypeTag).GetString()!;
        var value = json.GetProperty(ValueTag);
        return tag switch
        {
            "text*" => Encoding.UTF8.GetString(payloads.Get(value.GetString()!)),
            "bytes*" => payloads.Get(value.GetString()!),
            "json*" => Parse(payloads.Get(value.GetString()!)),
            "json" => value.Clone(),
            "secret" => Unprotect(value.GetString()!),
            "list" => value.EnumerateArray().Select(item => Read(item, payloads)).ToArray(),
            "map" => value.EnumerateObject().ToDictionary(property => property.Name, property => Read(property.Value, payloads)),
            _ when typesByName.TryGetValue(tag, out var type) => value.Deserialize(type, options),
            _ => throw new InvalidOperationException($"The saved run has a value of type '{tag}', which this server does not know. Is a module missing?"),
        };
    }

    private static string NameOf(Type type) => TypeAlias.All.Any(known => known.Type == type) ? TypeAlias.Of(type) : type.FullName!;

    private static void WriteStart(Utf8JsonWriter writer, string tag)
    {
        writer.WriteStartObject();
        writer.WriteString(TypeTag, tag);
        writer.WritePropertyName(ValueTag);
    }

    private static void WriteTagged(Utf8JsonWriter writer, string tag, string value)
    {
        WriteStart(writer, tag);
        writer.WriteStringValue(value);
        writer.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter writer, JsonElement json, PayloadStore payloads)
    {
        var raw = JsonMarshal.GetRawUtf8Value(json);
        if (raw.Length > PayloadThreshold)
        {
            WriteTagged(writer, "json*", payloads.Add(raw.ToArray()));
            return;
        }

        WriteStart(writer, "json");
        JsonBytes.Copy(writer, json);
        writer.WriteEndObject();
    }

    /// <summary>What is inside is written with its type first; nothing of it, large or not, is left outside the encryption.</summary>
    private string Protect(Sensitive sensitive)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonBytes.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("t", NameOf(sensitive.ContentType));
            writer.WritePropertyName("c");
            Write(writer, sensitive.RevealObject(), PayloadStore.Inline);
            writer.WriteEndObject();
        }

        var result = Convert.ToBase64String(protector.Protect(buffer.WrittenSpan));
        buffer.Clear();
        return result;
    }

    private Sensitive Unprotect(string data)
    {
        var clear = Parse(protector.Unprotect(Convert.FromBase64String(data)));
        var name = clear.GetProperty("t").GetString()!;
        var content = typesByName.GetValueOrDefault(name) ?? typeof(object);
        var value = Read(clear.GetProperty("c"), PayloadStore.Inline);
        return (Sensitive)ValueConversion.Convert(value, typeof(Sensitive<>).MakeGenericType(content))!;
    }

    /// <summary>Sensitive members of larger values.</summary>
    private sealed class ProtectingConverterFactory(StateCodec codec) : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => typeof(Sensitive).IsAssignableFrom(typeToConvert);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(ProtectingConverter<>).MakeGenericType(typeToConvert), codec)!;
    }

    private sealed class ProtectingConverter<TSensitive>(StateCodec codec) : JsonConverter<TSensitive>
        where TSensitive : Sensitive
    {
        public override TSensitive? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString() is { } data ? (TSensitive)ValueConversion.Convert(codec.Unprotect(data), typeToConvert)! : null;

        public override void Write(Utf8JsonWriter writer, TSensitive value, JsonSerializerOptions options) => writer.WriteStringValue(codec.Protect(value));
    }
}
