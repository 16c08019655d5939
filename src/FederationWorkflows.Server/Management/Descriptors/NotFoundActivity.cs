using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Descriptors;

namespace FederationWorkflows.Server.Management.Descriptors;

/// <summary>
/// An activity whose type this server does not have, as the designer can draw it: it draws nothing at all when one type is not described
/// (Elsa contract: <c>Elsa.NotFoundActivity</c>). It keeps everything it had, and becomes what it was again when it is saved.
/// </summary>
internal static class NotFoundActivity
{
    public const string TypeName = "Elsa.NotFoundActivity";

    private const string MissingType = "missingTypeName";

    private const string MissingVersion = "missingTypeVersion";

    /// <summary>Makes of an activity one that can be drawn, in place, if its type is not known in its version.</summary>
    public static void Replace(JsonObject activity, ActivityCatalog catalog)
    {
        var type = (string)activity["type"]!;
        var version = Integer(activity["version"]);
        if (type == TypeName || (version is { } known && catalog.Find(type, known) is not null))
        {
            return;
        }

        // Without a version the latest is meant, and a story used as an activity is meant whatever its version.
        if (catalog.Find(type) is { } latest && (version is null || latest.IsStory))
        {
            activity["version"] = latest.Version;
            return;
        }

        activity[MissingType] = type;
        activity[MissingVersion] = activity["version"]?.DeepClone();
        activity["type"] = TypeName;
        activity["version"] = 1;
    }

    /// <summary>Reverses <see cref="Replace"/>.</summary>
    public static void Restore(JsonObject activity)
    {
        if ((string?)activity["type"] == TypeName && activity[MissingType] is JsonValue type && type.TryGetValue<string>(out var name))
        {
            activity["type"] = name;
            activity["version"] = activity[MissingVersion]?.DeepClone();
            activity.Remove(MissingType);
            activity.Remove(MissingVersion);
        }
    }

    private static int? Integer(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;
}
