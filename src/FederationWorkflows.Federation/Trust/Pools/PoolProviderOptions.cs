namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// A workload identity pool's provider as it is expected to be, in <c>Federation:PoolProviders:{name}</c>: what is in version control, not what Google has. A refused token
/// exchange is explained by it.
/// </summary>
public sealed class PoolProviderOptions
{
    /// <summary>Path of its JSON file (<see cref="IdentityPoolProvider.Parse"/>), read anew for each explanation.</summary>
    public string? File { get; set; }

    /// <summary>The JSON itself.</summary>
    public string? Json { get; set; }

    /// <summary>What is wrong with this definition and how to mend it; null when nothing is.</summary>
    internal string? Problem() => string.IsNullOrWhiteSpace(File) == string.IsNullOrWhiteSpace(Json) ? "give File (a path) or Json (the provider), one of them." : null;
}
