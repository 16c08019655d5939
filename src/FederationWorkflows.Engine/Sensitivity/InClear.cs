using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Engine;

/// <summary>Secrets inside the values of a story, on their way out: in clear where a request needs them, nowhere else. What comes of it is handed to nothing that keeps it.</summary>
public static class InClear
{
    private static readonly JsonSerializerOptions Masked = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = JsonValues.MaxDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Clear = new(Masked) { Converters = { new RevealingConverterFactory() } };

    /// <summary>The value of a secret of any type.</summary>
    public static object? Reveal(Sensitive sensitive) => sensitive switch
    {
        Sensitive<string> text => text.Reveal(),
        Sensitive<byte[]> bytes => bytes.Reveal(),
        Sensitive<JsonElement> json => JsonValues.Unwrap(json.Reveal()),
        Sensitive<object> any => any.Reveal() is Sensitive inner ? Reveal(inner) : any.Reveal(),
        _ => JsonValues.Unwrap(JsonSerializer.SerializeToElement(sensitive, sensitive.GetType(), Clear)),
    };

    /// <summary>JSON with the secrets in clear.</summary>
    public static byte[] ToJson(object? value) => JsonSerializer.SerializeToUtf8Bytes(value, Clear);

    /// <summary>The texts that masking hides in a value, wherever they are in it; none when it holds no secret.</summary>
    public static IReadOnlyList<string> FindSecrets(object? value)
    {
        var found = new List<string>();
        if (value is not (null or string or byte[] or JsonElement))
        {
            Compare(JsonSerializer.SerializeToElement(value, value.GetType(), Clear), JsonSerializer.SerializeToElement(value, value.GetType(), Masked), found);
        }

        return found;
    }

    private static void Compare(JsonElement clear, JsonElement masked, List<string> found)
    {
        if (clear.ValueKind == JsonValueKind.Object && masked.ValueKind == JsonValueKind.Object)
        {
            foreach (var (inner, hidden) in clear.EnumerateObject().Zip(masked.EnumerateObject()))
            {
                Compare(inner.Value, hidden.Value, found);
            }
        }
        else if (clear.ValueKind == JsonValueKind.Array && masked.ValueKind == JsonValueKind.Array)
        {
            foreach (var (inner, hidden) in clear.EnumerateArray().Zip(masked.EnumerateArray()))
            {
                Compare(inner, hidden, found);
            }
        }
        else if (clear.GetRawText() != masked.GetRawText())
        {
            AddTexts(clear, found);
        }
    }

    private static void AddTexts(JsonElement json, List<string> found)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in json.EnumerateObject())
                {
                    AddTexts(property.Value, found);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    AddTexts(item, found);
                }

                break;
            default:
                found.Add(json.ToString());
                break;
        }
    }

    private sealed class RevealingConverterFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(Sensitive<>);

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(RevealingConverter<>).MakeGenericType(typeToConvert.GetGenericArguments()))!;
    }

    private sealed class RevealingConverter<T> : JsonConverter<Sensitive<T>>
    {
        public override Sensitive<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Secrets are written in clear only, never read.");

        public override void Write(Utf8JsonWriter writer, Sensitive<T> value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value.Reveal(), options);
    }
}
