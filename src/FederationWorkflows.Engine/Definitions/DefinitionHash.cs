using System.Security.Cryptography;
using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>The revision of a definition: the hash of its content in one canonical form.</summary>
internal static class DefinitionHash
{
    /// <summary>What a server assigns or computes; the same story stored twice must have one revision.</summary>
    private static readonly HashSet<string> Volatile = new(StringComparer.Ordinal)
    {
        "$schema", "links", "id", "version", "toolVersion", "createdAt", "isLatest", "isPublished", "isReadonly", "isSystem", "providerName", "materializerName", "isMaterializerAvailable",
    };

    public static string Compute(JsonElement definition)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(definition, writer, isDefinition: true);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    private static void Write(JsonElement json, Utf8JsonWriter writer, bool isDefinition)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in json.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    if (property.Name == "nodeId" || (isDefinition && Volatile.Contains(property.Name)))
                    {
                        continue;
                    }

                    writer.WritePropertyName(property.Name);
                    Write(property.Value, writer, isDefinition: false);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                {
                    Write(item, writer, isDefinition: false);
                }

                writer.WriteEndArray();
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }
}
