namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Keeps what people set up beside stories and runs: users, API keys, secrets and the like. There are thousands of them at most, they change
/// rarely, and each is replaced as a whole. It is stored as it is: whoever makes a document encrypts what is sensitive in it.
/// Every change is told as <see cref="SignalKinds.Documents"/>.
/// </summary>
public interface IDocumentStore
{
    /// <summary>One document, or null.</summary>
    ValueTask<Document?> FindAsync(string kind, string id, CancellationToken cancellationToken);

    /// <summary>The document of that kind with that alias, or null.</summary>
    ValueTask<Document?> FindByAliasAsync(string kind, string alias, CancellationToken cancellationToken);

    /// <summary>Documents of a kind, ordered by the code units of their ids.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="after">Only those that come after this id; null to begin.</param>
    /// <param name="limit">How many at most, 1 to 1000.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    ValueTask<IReadOnlyList<Document>> ListAsync(string kind, string? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a document. With <see cref="Document.Revision"/> 0 it must be new; with any other it replaces that very revision.
    /// </summary>
    /// <returns>The new revision.</returns>
    /// <exception cref="DocumentConflictException">It is there already, it was changed or deleted since it was read, or another one of its kind has its alias.</exception>
    ValueTask<long> PutAsync(Document document, CancellationToken cancellationToken);

    /// <summary>Deletes a document.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">Its id.</param>
    /// <param name="revision">The revision that was read; null for whatever it is by now.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when there is none, or it has another revision.</returns>
    ValueTask<bool> DeleteAsync(string kind, string id, long? revision, CancellationToken cancellationToken);
}

/// <summary>Something small that people set up.</summary>
/// <param name="Kind">What it is, up to 100 characters.</param>
/// <param name="Id">Unique among its kind, up to 300 characters.</param>
/// <param name="Alias">Another name it is found by, unique among its kind, up to 300 characters; null for none. Store a hash where the name is a secret.</param>
/// <param name="Json">The content, UTF-8 JSON, up to 1 MiB.</param>
/// <param name="Revision">Grows with every change; 0 before it is stored.</param>
public sealed record Document(string Kind, string Id, string? Alias, ReadOnlyMemory<byte> Json, long Revision);

/// <summary>A document was changed by somebody else in the meantime, or its name is taken.</summary>
public sealed class DocumentConflictException : Exception
{
    private DocumentConflictException(string message)
        : base(message)
    {
    }

    /// <summary>The document is not what it was when it was read, or is there already.</summary>
    public static DocumentConflictException Changed(Document document) => new(
        document.Revision == 0
            ? $"There is a {document.Kind} '{document.Id}' already."
            : $"The {document.Kind} '{document.Id}' was changed or deleted by somebody else in the meantime. Read it again, and repeat the change.");

    /// <summary>Another document of the kind has the alias.</summary>
    public static DocumentConflictException AliasTaken(Document document) => new($"Another {document.Kind} has the name that '{document.Id}' was to get. Choose another name.");
}
