using System.Globalization;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Finds the stories that stories call.</summary>
internal sealed class StoryDirectory(DefinitionCatalog definitions, IDefinitionStore store) : IStoryDirectory
{
    public async ValueTask<ExecutableWorkflow?> FindAsync(string definitionId, string version, CancellationToken cancellationToken)
    {
        if (version.Equals("Published", StringComparison.OrdinalIgnoreCase))
        {
            return await definitions.FindPublishedAsync(definitionId, cancellationToken);
        }

        var stored = version.Equals("Latest", StringComparison.OrdinalIgnoreCase) ? await store.FindLatestAsync(definitionId, cancellationToken)
            : int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? await OfNumberAsync(definitionId, number, cancellationToken)
            : await store.FindVersionAsync(version, cancellationToken);
        return stored?.DefinitionId == definitionId ? await definitions.FindRevisionAsync(definitionId, stored.Revision, cancellationToken) : null;
    }

    private async ValueTask<StoredDefinition?> OfNumberAsync(string definitionId, int number, CancellationToken cancellationToken)
    {
        const int PageSize = 100;
        for (var skip = 0; ; skip += PageSize)
        {
            // Newest first, since recent versions are the ones that are named.
            var query = new DefinitionQuery { Versions = DefinitionVersions.All, DefinitionIds = [definitionId], OrderBy = DefinitionOrder.Version, Descending = true, Skip = skip, Take = PageSize };
            var page = await store.ListAsync(query, cancellationToken);
            if (page.Items.FirstOrDefault(version => version.Version == number) is { } found)
            {
                return found;
            }

            if (page.Items.Count < PageSize || page.Items[^1].Version < number)
            {
                return null;
            }
        }
    }
}
