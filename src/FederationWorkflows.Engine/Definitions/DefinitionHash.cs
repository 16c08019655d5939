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
            Write(definition, writer, isDefinition: true, isData: false);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    /// <summary>Inside a value that a run reads (<paramref name="isData"/>) every name counts.</summary>
    private static void Write(JsonElement json, Utf8JsonWriter writer, bool isDefinition, bool isData)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in json.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    if ((property.Name == "nodeId" && !isData) || (isDefinition && Volatile.Contains(property.Name)))
                    {
                        continue;
                    }

                    writer.WritePropertyName(property.Name);
                    Write(property.Value, writer, isDefinition: false, isData || property.Name == "value");
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in json.EnumerateArray())
                {
                    Write(item, writer, isDefinition: false, isData);
                }

                writer.WriteEndArray();
                break;
            default:
                json.WriteTo(writer);
                break;
        }
    }
}
