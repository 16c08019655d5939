using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Requests;

/// <summary>
/// Turns an XML answer into JSON. The root's children are the properties of the object. An element with children is an object, without a text; one that
/// comes several times a list; one whose children are all called <c>member</c> or <c>item</c> is the list of them. Namespaces and attributes are left out.
/// What is one and could be several cannot be told from XML: it is an object or a text then.
/// </summary>
internal static class XmlAnswer
{
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true };

    /// <summary>The JSON; null when it is no XML, or deeper than JSON may be.</summary>
    public static JsonElement? ToJson(byte[] body) => Load(body)?.Root is { } root && Depth(root) <= JsonValues.MaxDepth ? JsonSerializer.SerializeToElement(Value(root)) : null;

    public static XDocument? Load(byte[] body)
    {
        try
        {
            using var stream = new MemoryStream(body, writable: false);
            using var reader = XmlReader.Create(stream, Settings);
            return XDocument.Load(reader);
        }
        catch (XmlException)
        {
            // A proxy's page, for instance: whoever asks says what that means.
            return null;
        }
    }

    private static int Depth(XElement root)
    {
        var (deepest, level) = (0, 0);
        foreach (var node in Walk(root))
        {
            level += node;
            deepest = Math.Max(deepest, level);
        }

        return deepest;
    }

    /// <summary>+1 for each element that begins, -1 for each that ends: without recursion, since nobody has bounded the depth yet.</summary>
    private static IEnumerable<int> Walk(XElement root)
    {
        using var reader = root.CreateReader();
        while (reader.Read())
        {
            if (reader is { NodeType: XmlNodeType.Element, IsEmptyElement: false })
            {
                yield return 1;
            }
            else if (reader.NodeType == XmlNodeType.EndElement)
            {
                yield return -1;
            }
        }
    }

    private static JsonNode Value(XElement element)
    {
        var children = element.Elements().ToList();
        if (children.Count == 0)
        {
            return JsonValue.Create(element.Value);
        }

        if (children.TrueForAll(static child => child.Name.LocalName == "member") || children.TrueForAll(static child => child.Name.LocalName == "item"))
        {
            return new JsonArray([.. children.Select(Value)]);
        }

        return new JsonObject(children.GroupBy(static child => child.Name.LocalName).Select(static group =>
            KeyValuePair.Create<string, JsonNode?>(group.Key, group.Count() > 1 ? new JsonArray([.. group.Select(Value)]) : Value(group.First()))));
    }
}
