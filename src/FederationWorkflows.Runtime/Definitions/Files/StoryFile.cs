using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Runtime.Definitions.Files;

/// <summary>
/// A story as the text of a file that people and Git read: what did not change stays where it was, in the order of the file before, with its
/// indentation and line ends.
/// </summary>
internal sealed class StoryFile
{
    /// <summary>What a server adds to a definition. It goes into a file only where the file had it.</summary>
    private static readonly HashSet<string> OfServer = new(StringComparer.Ordinal)
    {
        "links", "createdAt", "toolVersion", "isLatest", "isPublished", "isReadonly", "isSystem", "providerName", "materializerName", "isMaterializerAvailable",
    };

    /// <summary>Values that runs read: every name and the order in them is the author's.</summary>
    private static readonly HashSet<string> Data = new(StringComparer.Ordinal) { "value", "metadata", "customProperties", "expression", "memoryReference" };

    private readonly Utf8JsonWriter writer;

    private readonly bool hasNodeIds;

    private StoryFile(Utf8JsonWriter writer, bool hasNodeIds)
    {
        this.writer = writer;
        this.hasNodeIds = hasNodeIds;
    }

    /// <summary>The text for a definition.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="before">What the file holds now; anything, or nothing.</param>
    public static byte[] Render(WorkflowDefinition definition, ReadOnlyMemory<byte> before)
    {
        var text = Encoding.UTF8.GetString(before.Span);
        var lineEnd = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options(text, lineEnd)))
        {
            new StoryFile(writer, text.Contains("\"nodeId\"", StringComparison.Ordinal)).Write(JsonValues.Parse(DefinitionWriter.Write(definition)), Parse(before), isTop: true);
        }

        if (text.Length == 0 || text.EndsWith('\n'))
        {
            buffer.Write(Encoding.UTF8.GetBytes(lineEnd));
        }

        return buffer.ToArray();
    }

    private static JsonWriterOptions Options(string text, string lineEnd)
    {
        // The first property stands on a line of its own, below the brace.
        var line = text.Split('\n').Skip(1).FirstOrDefault() ?? "";
        var indent = line.Length - line.TrimStart(' ', '\t').Length;
        return new JsonWriterOptions
        {
            Indented = true,
            IndentCharacter = line.StartsWith('\t') ? '\t' : ' ',
            IndentSize = indent is > 0 and <= 8 ? indent : 2,
            NewLine = lineEnd,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = JsonValues.MaxDepth,
        };
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> before)
    {
        try
        {
            return JsonValues.Parse(before.Span.StartsWith(Encoding.UTF8.Preamble) ? before[Encoding.UTF8.Preamble.Length..] : before);
        }
        catch (JsonException)
        {
            // Nothing to keep the order of.
            return default;
        }
    }

    private void Write(JsonElement now, JsonElement before, bool isTop = false)
    {
        switch (now.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in Ordered(now, before).Where(property => IsWanted(property.Name, now, before, isTop)))
                {
                    writer.WritePropertyName(property.Name);
                    if (Data.Contains(property.Name))
                    {
                        property.Value.WriteTo(writer);
                    }
                    else
                    {
                        Write(property.Value, Find(before, property.Name));
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in now.EnumerateArray())
                {
                    Write(item, Counterpart(item, before));
                }

                writer.WriteEndArray();
                break;
            default:
                now.WriteTo(writer);
                break;
        }
    }

    private static IEnumerable<JsonProperty> Ordered(JsonElement now, JsonElement before)
    {
        var places = before.ValueKind == JsonValueKind.Object
            ? before.EnumerateObject().Select((property, place) => (property.Name, place)).DistinctBy(known => known.Name).ToDictionary(known => known.Name, known => known.place, StringComparer.Ordinal)
            : [];
        return now.EnumerateObject().OrderBy(property => places.GetValueOrDefault(property.Name, int.MaxValue));
    }

    private bool IsWanted(string name, JsonElement now, JsonElement before, bool isTop) =>
        isTop && OfServer.Contains(name) ? Find(before, name).ValueKind != JsonValueKind.Undefined
        : name != "nodeId" || hasNodeIds || Find(now, "id").ValueKind == JsonValueKind.Undefined;

    private static JsonElement Find(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;

    /// <summary>What an item of a list was before: the one of its id, such as an activity that moved.</summary>
    private static JsonElement Counterpart(JsonElement item, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || Find(item, "id") is not { ValueKind: JsonValueKind.String } id)
        {
            return list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().FirstOrDefault(other => other.ValueKind == item.ValueKind) : default;
        }

        return list.EnumerateArray().FirstOrDefault(other => Find(other, "id") is { ValueKind: JsonValueKind.String } otherId && otherId.ValueEquals(id.GetString()));
    }
}
