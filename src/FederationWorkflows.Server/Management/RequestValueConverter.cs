using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Server.Management;

/// <summary>Holds a value that a request gives to a run to what is asked of JSON wherever else it comes in: the serializer looks at its text only when it is read, which would be in the run.</summary>
internal sealed class RequestValueConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        try
        {
            return JsonValues.Parse(JsonMarshal.GetRawUtf8Value(document.RootElement).ToArray());
        }
        catch (JsonException e)
        {
            // Without a place, which would be one in the value, the serializer gives that in the request.
            throw new JsonException(JsonValues.Describe(e));
        }
    }

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);
}
