using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Reads the <c>google</c> member of a world file with that part's own rules and messages.</summary>
internal sealed class GoogleWorldConverter : JsonConverter<GoogleWorld>
{
    public override GoogleWorld Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return GoogleWorldReader.Read(document.RootElement, "$.google");
    }

    public override void Write(Utf8JsonWriter writer, GoogleWorld value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, GoogleWorldReader.Options);
}
