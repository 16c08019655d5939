namespace FederationWorkflows.Runtime.Storage;

/// <summary>Keeps the versions of definitions. Every implementation passes the same conformance suite.</summary>
public interface IDefinitionStore
{
    /// <summary>Stores a version; one of the same id is replaced. When it is latest or published, the others of its definition no longer are.</summary>
    ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken);

    /// <summary>The latest version of a definition; null when there is none.</summary>
    ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken);

    /// <summary>The published version of a definition; null when there is none.</summary>
    ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken);

    /// <summary>Any version with this content; null when there is none. Runs find what they are pinned to by it.</summary>
    ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken);

    /// <summary>The published version of every definition.</summary>
    ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken);
}

/// <summary>One version of a definition.</summary>
public sealed record StoredDefinition
{
    /// <summary>The version's id.</summary>
    public required string Id { get; init; }

    /// <summary>The id that all versions share.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The version number, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>The hash of the content.</summary>
    public required string Revision { get; init; }

    /// <summary>The definition, UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>It is the newest version.</summary>
    public bool IsLatest { get; init; }

    /// <summary>It is the version that triggers start.</summary>
    public bool IsPublished { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }
}
