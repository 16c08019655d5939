using System.Buffers;
using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Writes a definition as it came in, unknown properties included, with the node id of every activity computed anew.</summary>
public static class DefinitionWriter
{
    /// <summary>Places in which an object that looks like an activity is data.</summary>
    private static readonly HashSet<string> Data = new(StringComparer.Ordinal) { "metadata", "customProperties", "expression", "memoryReference" };

    /// <summary>The definition as UTF-8 JSON.</summary>
    public static byte[] Write(WorkflowDefinition definition)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in definition.Json.EnumerateObject())
            {
                writer.WritePropertyName(property.Name);
                if (property.Name == "root")
                {
                    Write(property.Value, "Workflow1", writer);
                }
                else
                {
                    property.Value.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(JsonElement json, string parent, Utf8JsonWriter writer)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                {
                    Write(item, parent, writer);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Object:
                WriteObject(json, parent, writer);
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }

    private static void WriteObject(JsonElement json, string parent, Utf8JsonWriter writer)
    {
        var isActivity = json.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            && json.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
            && json.TryGetProperty("version", out _);
        var nodeId = isActivity ? $"{parent}:{json.GetProperty("id").GetString()}" : parent;
        writer.WriteStartObject();
        if (isActivity)
        {
            writer.WriteString("nodeId", nodeId);
        }

        foreach (var property in json.EnumerateObject())
        {
            if (isActivity && property.Name == "nodeId")
            {
                continue;
            }

            writer.WritePropertyName(property.Name);
            if (Data.Contains(property.Name))
            {
                property.Value.WriteTo(writer);
            }
            else
            {
                Write(property.Value, nodeId, writer);
            }
        }

        writer.WriteEndObject();
    }
}
