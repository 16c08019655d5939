using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Management.Descriptors;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>A definition as the designer sends it, made into what is stored: without what the server computes, and with what the designer does not know.</summary>
internal sealed class DesignerModel
{
    /// <summary>The server's own, whatever a client says.</summary>
    private static readonly string[] Computed =
        ["links", "id", "version", "createdAt", "isLatest", "isPublished", "isReadonly", "isSystem", "toolVersion", "providerName", "materializerName", "materializerContext", "isMaterializerAvailable", "$schema"];

    /// <summary>What the designer sends back. Everything else it drops, so it is kept from the version before.</summary>
    private static readonly HashSet<string> Echoed = new(
        [.. Computed, "definitionId", "name", "description", "variables", "inputs", "outputs", "outcomes", "customProperties", "options", "root", "usableAsActivity"], StringComparer.Ordinal);

    private static readonly HashSet<string> EchoedOptions = new(
        ["activationStrategyType", "usableAsActivity", "autoUpdateConsumingWorkflows", "activityCategory", "incidentStrategyType", "commitStrategyName"], StringComparer.Ordinal);

    private readonly JsonObject json;

    private DesignerModel(JsonObject json, string? basedOn)
    {
        this.json = json;
        BasedOn = basedOn;
    }

    /// <summary>The revision that was changed; null when the sender does not say.</summary>
    public string? BasedOn { get; }

    /// <summary>The id that all versions share; null for a new definition.</summary>
    public string? DefinitionId
    {
        get => ActivityTree.Text(json, "definitionId") is { } id && !string.IsNullOrWhiteSpace(id) ? id : null;
        set => json["definitionId"] = value;
    }

    public static DesignerModel Of(JsonObject model)
    {
        foreach (var name in Computed)
        {
            model.Remove(name);
        }

        foreach (var name in model.Where(property => property.Value is null).Select(property => property.Key).ToArray())
        {
            model.Remove(name);
        }

        string? basedOn = null;
        if (model["customProperties"] is JsonObject custom)
        {
            basedOn = ActivityTree.Text(custom, DefinitionView.Revision);
            custom.Remove(DefinitionView.Revision);
        }

        ActivityTree.Visit(model["root"], null, (activity, _, _) =>
        {
            activity.Remove("nodeId");
            NotFoundActivity.Restore(activity);
        });
        return new DesignerModel(model, basedOn);
    }

    /// <summary>
    /// An id for a new definition, the same whenever the same one is sent: the designer repeats a request whose answer it did not get, and
    /// must not create two stories.
    /// </summary>
    /// <param name="attempt">From 0; another id for each, where one is taken.</param>
    public string DeriveId(int attempt) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{attempt}\n{json.ToJsonString()}"))))[..16];

    /// <summary>Takes over what the designer does not know and so did not send, and drops what the server filled in for it: neither is a change.</summary>
    public void KeepUnknownOf(JsonObject before)
    {
        foreach (var name in DefinitionView.Filled.Where(name => !before.ContainsKey(name) && json[name] is JsonArray { Count: 0 } or JsonObject { Count: 0 }))
        {
            json.Remove(name);
        }

        PickedReferences.Restore(json, before);
        VariableDefaults.Restore(json, before);
        Keep(before, json, Echoed);
        if (before["options"] is JsonObject old && json["options"] is JsonObject options)
        {
            Keep(old, options, EchoedOptions);
        }
    }

    public byte[] ToUtf8() => System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());

    private static void Keep(JsonObject before, JsonObject now, HashSet<string> known)
    {
        foreach (var (name, value) in before)
        {
            if (!known.Contains(name) && !now.ContainsKey(name))
            {
                now[name] = value?.DeepClone();
            }
        }
    }
}
