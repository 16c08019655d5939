using System.Text.Json;

namespace FederationWorkflows.Runtime.Storage;

/// <summary>Keeps the versions of definitions. Every implementation passes the same conformance suite.</summary>
public interface IDefinitionStore
{
    /// <summary>Stores a version; one of the same id is replaced. When it is latest or published, the others of its definition no longer are.</summary>
    ValueTask SaveAsync(StoredDefinition definition, CancellationToken cancellationToken);

    /// <summary>
    /// Does what <see cref="SaveAsync"/> does, in one transaction, if the latest version of the definition is still the one its writer read: two
    /// writers that read the same one do not both succeed.
    /// </summary>
    /// <param name="definition">The version.</param>
    /// <param name="latest">What was read as the latest version; null when there was none. It is the same while its id, its content and whether it is published are.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when it is another one now. Nothing was changed then.</returns>
    ValueTask<bool> TrySaveAsync(StoredDefinition definition, StoredDefinition? latest, CancellationToken cancellationToken);

    /// <summary>The version of an id; null when there is none.</summary>
    ValueTask<StoredDefinition?> FindVersionAsync(string id, CancellationToken cancellationToken);

    /// <summary>The latest version of a definition; null when there is none.</summary>
    ValueTask<StoredDefinition?> FindLatestAsync(string definitionId, CancellationToken cancellationToken);

    /// <summary>The published version of a definition; null when there is none.</summary>
    ValueTask<StoredDefinition?> FindPublishedAsync(string definitionId, CancellationToken cancellationToken);

    /// <summary>Any version with this content; null when there is none. Runs find what they are pinned to by it.</summary>
    ValueTask<StoredDefinition?> FindByRevisionAsync(string definitionId, string revision, CancellationToken cancellationToken);

    /// <summary>The published version of every definition.</summary>
    ValueTask<IReadOnlyList<StoredDefinition>> GetPublishedAsync(CancellationToken cancellationToken);

    /// <summary>Versions that satisfy a query, a page of them.</summary>
    ValueTask<Page<StoredDefinition>> ListAsync(DefinitionQuery query, CancellationToken cancellationToken);

    /// <summary>Makes a version the published one of its definition, or none, in one transaction.</summary>
    /// <param name="definitionId">The definition.</param>
    /// <param name="versionId">The version's id; null to retract whichever is published.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when the definition has no such version, or, to retract, none at all. Nothing was changed then.</returns>
    ValueTask<bool> SetPublishedAsync(string definitionId, string? versionId, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes versions, by their ids, in one transaction. Where the latest goes, the highest that is left becomes the latest; where the last one goes,
    /// the definition's schedules go too. Ids that do not exist are ignored.
    /// </summary>
    /// <returns>How many were deleted.</returns>
    ValueTask<int> DeleteVersionsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken);

    /// <summary>Deletes definitions with all their versions and schedules, in one transaction. Ids that do not exist are ignored.</summary>
    /// <returns>How many definitions were deleted.</returns>
    ValueTask<int> DeleteDefinitionsAsync(IReadOnlyList<string> definitionIds, CancellationToken cancellationToken);
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

    /// <summary>Whether this is still what another writer read: the same version, with the same content, published or not as it was.</summary>
    public bool IsAs(StoredDefinition read) => Id == read.Id && Revision == read.Revision && IsPublished == read.IsPublished;

    /// <summary>The name its JSON gives it, by which people find it; its definition id when it gives none.</summary>
    public string FindName() => FindText("name"u8) ?? DefinitionId;

    /// <summary>The description its JSON gives it; null when it gives none.</summary>
    public string? FindDescription() => FindText("description"u8);

    private string? FindText(ReadOnlySpan<byte> property)
    {
        var reader = new Utf8JsonReader(Json.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isWanted = reader.ValueTextEquals(property);
            reader.Read();
            if (isWanted)
            {
                return reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } text ? text : null;
            }

            reader.Skip();
        }

        return null;
    }
}

/// <summary>Which versions of definitions to list. A version must satisfy every filter that is given.</summary>
public sealed record DefinitionQuery
{
    /// <summary>Which versions of each definition.</summary>
    public DefinitionVersions Versions { get; init; } = DefinitionVersions.Latest;

    /// <summary>Of these definitions only; empty for all.</summary>
    public IReadOnlyList<string> DefinitionIds { get; init; } = [];

    /// <summary>These versions only, by their ids; empty for all.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>With this text in their name, description or definition id, whatever the case of its ASCII letters; null for all.</summary>
    public string? SearchText { get; init; }

    /// <summary>What they are ordered by; what is equal in it by id.</summary>
    public DefinitionOrder OrderBy { get; init; } = DefinitionOrder.Created;

    /// <summary>From the greatest to the least; otherwise from the least.</summary>
    public bool Descending { get; init; }

    /// <summary>How many to leave out.</summary>
    public int Skip { get; init; }

    /// <summary>How many to return, 1 to 1000.</summary>
    public int Take { get; init; } = 100;
}

/// <summary>Some of the versions of a definition (Elsa contract: version options).</summary>
public enum DefinitionVersions
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>The newest.</summary>
    Latest,

    /// <summary>The one that triggers start.</summary>
    Published,

    /// <summary>The newest, and the one that triggers start.</summary>
    LatestOrPublished,
}

/// <summary>What a list of definitions is ordered by.</summary>
public enum DefinitionOrder
{
    /// <summary>When the version was made.</summary>
    Created,

    /// <summary>The definition's name, ASCII letters whatever their case.</summary>
    Name,

    /// <summary>The number of the version.</summary>
    Version,
}
