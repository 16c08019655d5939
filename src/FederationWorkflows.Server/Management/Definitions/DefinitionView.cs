using System.Security.Claims;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Descriptors;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Stored definitions as the designer reads them (Elsa contract: workflow definition and its summary).</summary>
internal sealed class DefinitionView(ActivityRegistry registry)
{
    /// <summary>Carries the revision that an edit is based on, in <c>customProperties</c>: the designer sends no ETag, but echoes these.</summary>
    public const string Revision = "revision";

    private const string ToolVersion = "3.8.2.0";

    /// <summary>Null in one of these crashes the designer's panels.</summary>
    private static readonly string[] Lists = ["variables", "inputs", "outputs", "outcomes"];

    private static readonly string[] Objects = ["customProperties", "options"];

    /// <summary>Parts that every answer has, empty where the story has none.</summary>
    public static IEnumerable<string> Filled { get; } = [.. Lists, .. Objects];

    /// <summary>A definition with its activities. The designer lets change it who finds the link to publish it there.</summary>
    public JsonObject Full(StoredDefinition stored, ClaimsPrincipal caller)
    {
        var json = Completed(stored, forDesigner: true);
        PickedReferences.Spell(json);
        ((JsonObject)json["customProperties"]!)[Revision] = stored.Revision;
        json["links"] = new JsonArray(Links(stored.DefinitionId, caller));
        json["toolVersion"] = ToolVersion;
        json["isReadonly"] = false;
        json["isSystem"] = false;
        json["isLatest"] = stored.IsLatest;
        json["isPublished"] = stored.IsPublished;
        return json;
    }

    /// <summary>A definition as a file: complete, but without what only this server's answers mean.</summary>
    public JsonObject Export(StoredDefinition stored)
    {
        var json = Completed(stored, forDesigner: false);
        json.Insert(0, "$schema", "https://elsaworkflows.io/schemas/workflow-definition/v3.0.0/schema.json");
        return json;
    }

    /// <summary>A definition in a list.</summary>
    public static JsonObject Summary(StoredDefinition stored, ClaimsPrincipal caller)
    {
        var json = ManagementBody.Parse(stored.Json);
        return new JsonObject
        {
            ["links"] = new JsonArray(Links(stored.DefinitionId, caller)),
            ["id"] = stored.Id,
            ["definitionId"] = stored.DefinitionId,
            ["name"] = stored.FindName(),
            ["description"] = json["description"]?.DeepClone(),
            ["version"] = stored.Version,
            ["isLatest"] = stored.IsLatest,
            ["isPublished"] = stored.IsPublished,
            ["createdAt"] = stored.CreatedAt,
            ["toolVersion"] = ToolVersion,
            ["materializerName"] = "Json",
            ["isMaterializerAvailable"] = true,
            ["isReadonly"] = false,
        };
    }

    /// <summary>A version that was deleted while runs of it are kept: without it, the designer would hide the runs.</summary>
    public static JsonObject Deleted(string versionId)
    {
        var definitionId = versionId.LastIndexOf(':') is > 0 and var colon ? versionId[..colon] : versionId;
        return new JsonObject
        {
            ["links"] = new JsonArray(),
            ["id"] = versionId,
            ["definitionId"] = definitionId,
            ["name"] = $"{definitionId} (deleted)",
            ["description"] = "This version of the story was deleted.",
            ["version"] = int.TryParse(versionId.AsSpan(versionId.LastIndexOf(':') + 1), System.Globalization.NumberStyles.None, null, out var version) ? version : 0,
            ["isLatest"] = false,
            ["isPublished"] = false,
            ["createdAt"] = DateTimeOffset.UnixEpoch,
            ["toolVersion"] = ToolVersion,
            ["isReadonly"] = true,
        };
    }

    /// <summary>The same as a definition without activities.</summary>
    public static JsonObject DeletedFull(string versionId)
    {
        var json = Deleted(versionId);
        Fill(json);
        json["root"] = new JsonObject
        {
            ["id"] = "deleted",
            ["nodeId"] = $"{ActivityTree.Prefix}:deleted",
            ["type"] = "Elsa.Flowchart",
            ["version"] = 1,
            ["activities"] = new JsonArray(),
            ["connections"] = new JsonArray(),
        };
        return json;
    }

    public static JsonNode Link(string href, string rel, string method) => new JsonObject { ["href"] = href, ["rel"] = rel, ["method"] = method };

    public static bool MayChange(ClaimsPrincipal caller) => caller.May(Permissions.StoriesWrite);

    private static JsonNode[] Links(string definitionId, ClaimsPrincipal caller)
    {
        var path = $"/workflow-definitions/{Uri.EscapeDataString(definitionId)}";
        var self = Link($"/workflow-definitions/by-definition-id/{Uri.EscapeDataString(definitionId)}", "self", "GET");
        return MayChange(caller) ? [self, Link($"{path}/publish", "publish", "POST")] : [self];
    }

    private JsonObject Completed(StoredDefinition stored, bool forDesigner)
    {
        var catalog = registry.Current;
        var json = ManagementBody.Parse(stored.Json);
        json["id"] = stored.Id;
        json["definitionId"] = stored.DefinitionId;
        json["name"] = stored.FindName();
        json["version"] = stored.Version;
        json["createdAt"] = stored.CreatedAt;
        json["isLatest"] = stored.IsLatest;
        json["isPublished"] = stored.IsPublished;
        json.Remove("$schema");
        Fill(json);
        ActivityTree.Visit(json["root"], catalog, (activity, parent, _) =>
        {
            if (forDesigner)
            {
                NotFoundActivity.Replace(activity, catalog);
                FlowchartLayout.Complete(activity);
            }

            activity["nodeId"] = ActivityTree.NodeId(activity, parent);
        });
        return json;
    }

    private static void Fill(JsonObject json)
    {
        foreach (var list in Lists)
        {
            if (json[list] is not JsonArray)
            {
                json[list] = new JsonArray();
            }
        }

        foreach (var part in Objects)
        {
            if (json[part] is not JsonObject)
            {
                json[part] = new JsonObject();
            }
        }
    }
}
