using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Definitions;

/// <content>What nobody needs any more.</content>
public sealed partial class DefinitionCatalog
{
    /// <summary>Deletes versions. A published one among them is retracted with it. The runs they had stay until they are deleted themselves.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="DefinitionInUseException">A run of one of them has not ended; nothing was deleted.</exception>
    public async ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> versionIds, CancellationToken cancellationToken)
    {
        if (versionIds.Count == 0)
        {
            return 0;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            var versions = new List<StoredDefinition>();
            foreach (var id in versionIds)
            {
                if (await store.FindVersionAsync(id, cancellationToken) is { } version)
                {
                    versions.Add(version);
                    await RequireUnusedAsync(version.DefinitionId, [version.Version], cancellationToken);
                }
            }

            var retracted = versions.Where(version => version.IsPublished).Select(version => version.DefinitionId).ToArray();
            foreach (var id in retracted)
            {
                await DisarmAsync(id, cancellationToken);
            }

            var deleted = await store.DeleteVersionsAsync([.. versions.Select(version => version.Id)], cancellationToken);
            foreach (var id in retracted)
            {
                await WithdrawAsync(id, cancellationToken);
            }

            return deleted;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Deletes definitions with all their versions. The runs they had stay until they are deleted themselves.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="DefinitionInUseException">A run of one of them has not ended; nothing was deleted.</exception>
    public async ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken)
    {
        if (definitionIds.Count == 0)
        {
            return 0;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            foreach (var id in definitionIds)
            {
                await RequireUnusedAsync(id, [], cancellationToken);
            }

            var deleted = await store.DeleteDefinitionsAsync(definitionIds, cancellationToken);
            foreach (var id in definitionIds)
            {
                await WithdrawAsync(id, cancellationToken);
            }

            return deleted;
        }
        finally
        {
            changing.Release();
        }
    }

    private async ValueTask RequireUnusedAsync(string definitionId, IReadOnlyList<int> versions, CancellationToken cancellationToken)
    {
        var query = new RunQuery { DefinitionIds = [definitionId], Versions = versions, Status = WorkflowStatus.Running, Take = 1, CountTotal = false };
        if ((await runs.ListAsync(query, cancellationToken)).Items is [var run, ..])
        {
            throw new DefinitionInUseException(run);
        }
    }
}
