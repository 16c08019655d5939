using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http;

/// <summary>Secrets inside the values of a story, on their way out: in clear where a request needs them, nowhere else.</summary>
internal static class Secrets
{
    private static readonly JsonSerializerOptions Clear = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = JsonValues.MaxDepth,
        Converters = { new RevealingConverterFactory() },
    };

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

    /// <summary>Whether a value is a secret, or a list or dictionary that has one inside.</summary>
    public static bool IsIn(object? value) => value switch
    {
        Sensitive => true,
        string or byte[] or JsonElement or null => false,
        IDictionary<string, object?> map => map.Values.Any(IsIn),
        IReadOnlyDictionary<string, object?> map => map.Values.Any(IsIn),
        IEnumerable list => list.Cast<object?>().Any(IsIn),
        _ => HasSecretMember(value.GetType()),
    };

    /// <summary>A record that can hold a secret is taken to hold one.</summary>
    private static bool HasSecretMember(Type type) => !type.IsPrimitive && type.GetProperties().Any(property => typeof(Sensitive).IsAssignableFrom(property.PropertyType));

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
