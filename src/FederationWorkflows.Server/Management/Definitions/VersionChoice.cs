using System.Globalization;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Which versions are meant (Elsa contract: version options).</summary>
internal static class VersionChoice
{
    /// <summary>The version of a definition that the text means; null when there is none.</summary>
    public static async ValueTask<StoredDefinition?> FindAsync(this IDefinitionStore store, string definitionId, string? versionOptions, CancellationToken cancellationToken) => versionOptions switch
    {
        "Published" => await store.FindPublishedAsync(definitionId, cancellationToken),
        "LatestOrPublished" or "Latest" or "" or null => await store.FindLatestAsync(definitionId, cancellationToken),
        "LatestAndPublished" => await store.FindLatestAsync(definitionId, cancellationToken) is { IsPublished: true } latest ? latest : null,
        "Draft" => await store.FindLatestAsync(definitionId, cancellationToken) is { IsPublished: false } draft ? draft : null,
        _ when Number(versionOptions) is { } number => await FindNumberAsync(store, definitionId, number, cancellationToken),
        _ => null,
    };

    /// <summary>What the store can select by itself, and what is to be selected from that; null for nothing more.</summary>
    /// <returns>False when the text means nothing.</returns>
    public static bool TryRead(string? versionOptions, out DefinitionVersions versions, out Func<StoredDefinition, bool>? also)
    {
        also = null;
        versions = DefinitionVersions.All;
        switch (versionOptions)
        {
            case "" or null or "AllVersions":
                return true;
            case "Latest":
                versions = DefinitionVersions.Latest;
                return true;
            case "Published":
                versions = DefinitionVersions.Published;
                return true;
            case "LatestOrPublished":
                versions = DefinitionVersions.LatestOrPublished;
                return true;
            case "LatestAndPublished":
                versions = DefinitionVersions.Latest;
                also = version => version.IsPublished;
                return true;
            case "Draft":
                versions = DefinitionVersions.Latest;
                also = version => !version.IsPublished;
                return true;
            default:
                var number = Number(versionOptions);
                also = version => version.Version == number;
                return number is not null;
        }
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async ValueTask<StoredDefinition?> FindNumberAsync(IDefinitionStore store, string definitionId, int number, CancellationToken cancellationToken)
    {
        for (var skip = 0; ; skip += 1000)
        {
            var page = await store.ListAsync(new DefinitionQuery { Versions = DefinitionVersions.All, DefinitionIds = [definitionId], OrderBy = DefinitionOrder.Version, Skip = skip, Take = 1000 }, cancellationToken);
            if (page.Items.FirstOrDefault(version => version.Version == number) is { } found)
            {
                return found;
            }

            if (page.Items.Count < 1000)
            {
                return null;
            }
        }
    }
}
