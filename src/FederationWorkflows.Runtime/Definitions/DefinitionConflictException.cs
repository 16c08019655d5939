using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Somebody else saved the definition meanwhile.</summary>
public sealed class DefinitionConflictException(StoredDefinition latest)
    : Exception($"'{latest.FindName()}' was changed by {latest.CreatedBy} meanwhile, so nothing was saved. Reload the page to see that change, then make yours again.")
{
    /// <summary>What it is now.</summary>
    public StoredDefinition Latest { get; } = latest;
}
