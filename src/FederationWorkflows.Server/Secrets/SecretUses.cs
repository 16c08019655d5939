using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Secrets;

/// <summary>Finds the stories that name secrets. It compiles them: for people who look, not for runs.</summary>
internal sealed class SecretUses(IDefinitionStore definitions, WorkflowCompiler compiler)
{
    private const int PageSize = 200;

    /// <summary>The published and the latest version of every story that names a secret, by the secret's name.</summary>
    public async ValueTask<ILookup<string, SecretUse>> FindAsync(CancellationToken cancellationToken)
    {
        var uses = new List<(string Secret, SecretUse Use)>();
        for (var skip = 0; ; skip += PageSize)
        {
            var page = await definitions.ListAsync(new DefinitionQuery { Versions = DefinitionVersions.LatestOrPublished, Skip = skip, Take = PageSize }, cancellationToken);
            foreach (var stored in page.Items)
            {
                var use = new SecretUse(stored.DefinitionId, stored.FindName(), stored.Version, stored.IsPublished, stored.IsLatest);
                uses.AddRange(compiler.Compile(stored.Json).SecretNames.Select(secret => (secret, use)));
            }

            if (page.Items.Count < PageSize)
            {
                return uses.OrderBy(entry => entry.Use.Name, StringComparer.OrdinalIgnoreCase).ThenBy(entry => entry.Use.Version).ToLookup(entry => entry.Secret, entry => entry.Use, StringComparer.Ordinal);
            }
        }
    }
}

/// <summary>A version of a story that names a secret.</summary>
internal sealed record SecretUse(string DefinitionId, string Name, int Version, bool IsPublished, bool IsLatest);
