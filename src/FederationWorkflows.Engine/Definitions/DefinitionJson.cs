using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>How plain parts of a definition are read: camelCase, enums by name.</summary>
internal static class DefinitionJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = JsonValues.MaxDepth,
        Converters = { new JsonStringEnumConverter() },
    };
}
