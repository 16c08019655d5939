using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Cli.Stories;

/// <summary>What a story says, whether it comes from a file or from a server, which fills in what is empty.</summary>
internal static class StoryContent
{
    /// <summary>They would change with every version and say nothing of the content.</summary>
    private static readonly string[] OfVersion = ["$schema", "id", "version"];

    private static readonly string[] MayBeEmpty = ["variables", "inputs", "outputs", "outcomes", "customProperties", "options"];

    /// <summary>A story without what a server adds.</summary>
    /// <param name="utf8Json">The story.</param>
    /// <param name="keep">Parts that stay all the same, by name.</param>
    /// <exception cref="DefinitionException">It is no story.</exception>
    public static WorkflowDefinition Reduce(ReadOnlyMemory<byte> utf8Json, IReadOnlySet<string>? keep = null)
    {
        var definition = DefinitionParser.Parse(utf8Json);
        var json = JsonObject.Create(definition.Json)!;
        json["definitionId"] = definition.DefinitionId; // The id may stand for it.
        json.Remove("materializerContext");
        (json["customProperties"] as JsonObject)?.Remove("revision"); // Which version a page of the designer changes.
        foreach (var (name, value) in json.ToArray())
        {
            var isEmpty = value is null || (MayBeEmpty.Contains(name) && value is JsonArray { Count: 0 } or JsonObject { Count: 0 });
            if ((isEmpty || OfVersion.Contains(name)) && keep?.Contains(name) != true)
            {
                json.Remove(name);
            }
        }

        return DefinitionParser.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    /// <summary>The same for the same content, wherever it is from.</summary>
    /// <exception cref="DefinitionException">It is no story.</exception>
    public static string RevisionOf(ReadOnlyMemory<byte> utf8Json) => Reduce(utf8Json).Revision;

    public static ReadOnlyMemory<byte> Utf8(JsonElement json) => Encoding.UTF8.GetBytes(json.GetRawText());

    /// <summary>The names of a story's parts; none when it is no JSON.</summary>
    public static IReadOnlySet<string> PartsOf(ReadOnlyMemory<byte> utf8Json)
    {
        try
        {
            return JsonValues.Parse(utf8Json.Span.StartsWith(Encoding.UTF8.Preamble) ? utf8Json[Encoding.UTF8.Preamble.Length..] : utf8Json) is { ValueKind: JsonValueKind.Object } json
                ? json.EnumerateObject().Select(property => property.Name).ToHashSet(StringComparer.Ordinal)
                : new HashSet<string>();
        }
        catch (JsonException)
        {
            return new HashSet<string>();
        }
    }
}
