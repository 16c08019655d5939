using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Metadata;

/// <summary>An entry of the metadata server's tree ("View and query VM metadata").</summary>
internal abstract record MetadataNode(string Name)
{
    /// <summary>The name in a recursive answer, which is JSON: <c>project-id</c> is <c>projectId</c> there, while addresses stay.</summary>
    public string JsonName
    {
        get
        {
            if (Name.Contains('@', StringComparison.Ordinal))
            {
                return Name;
            }

            var words = Name.Split('-');
            return words[0] + string.Concat(words.Skip(1).Select(static word => char.ToUpperInvariant(word[0]) + word[1..]));
        }
    }
}

/// <summary>Holds further entries. Its path ends in a slash.</summary>
internal sealed record MetadataDirectory(string Name, params IReadOnlyList<MetadataNode> Entries) : MetadataNode(Name)
{
    /// <summary>The entry at a path that begins with a slash; null where there is none.</summary>
    public MetadataNode? Find(string path)
    {
        MetadataNode node = this;
        var names = path[1..].Split('/');
        for (var i = 0; i < names.Length; i++)
        {
            if (node is not MetadataDirectory directory)
            {
                return null;
            }

            // Nothing after the last slash: the directory itself.
            if (i == names.Length - 1 && names[i].Length == 0)
            {
                return directory;
            }

            if (directory.Entries.FirstOrDefault(entry => entry.Name == names[i]) is not { } next)
            {
                return null;
            }

            node = next;
        }

        return node;
    }

    public string List() =>
        Entries.Aggregate(new StringBuilder(), static (list, entry) => list.Append(entry.Name).Append(entry is MetadataDirectory ? "/\n" : "\n")).ToString();

    /// <summary>Everything below, without what is made on request.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var entry in Entries)
        {
            if (entry is MetadataDirectory directory)
            {
                json[entry.JsonName] = directory.ToJson();
            }
            else if (entry is MetadataValue value)
            {
                json[entry.JsonName] = value.Json.DeepClone();
            }
        }

        return json;
    }
}

/// <summary>Is always the same.</summary>
internal sealed record MetadataValue(string Name, JsonNode Json) : MetadataNode(Name)
{
    public string Text => Json is JsonArray lines ? string.Concat(lines.Select(static line => $"{line}\n")) : Json.ToString();
}

/// <summary>Is made on request.</summary>
internal sealed record MetadataCall(string Name, string EventName, Func<IQueryCollection, GoogleAuditEntry, MetadataAnswer> Answer) : MetadataNode(Name);
