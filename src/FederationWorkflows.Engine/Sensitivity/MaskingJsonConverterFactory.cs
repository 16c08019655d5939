using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Engine;

/// <summary>
/// Writes every <see cref="Sensitive{T}"/> as the mask, and reads none: a masked value has lost its content.
/// It is what a serializer finds by default; only the run state's own options, which encrypt, take its place.
/// </summary>
internal sealed class MaskingJsonConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(Sensitive).IsAssignableFrom(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(MaskingJsonConverter<>).MakeGenericType(typeToConvert))!;

    private sealed class MaskingJsonConverter<TSensitive> : JsonConverter<TSensitive>
        where TSensitive : Sensitive
    {
        public override TSensitive Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new JsonException("A sensitive value cannot be read from JSON: its content is never written there.");

        public override void Write(Utf8JsonWriter writer, TSensitive value, JsonSerializerOptions options) => writer.WriteStringValue(Sensitive.Mask);
    }
}
