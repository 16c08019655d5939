namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>The bytes of an object or a part: pieces of blobs, one after the other. It holds a reference to each until it is disposed.</summary>
internal sealed class ObjectContent : IDisposable
{
    private readonly IReadOnlyList<Piece> pieces;

    private ObjectContent(IReadOnlyList<Piece> pieces)
    {
        this.pieces = pieces;
        Length = pieces.Sum(static piece => piece.Length);
    }

    public long Length { get; }

    /// <summary>All of a blob, whose reference it takes over.</summary>
    public static ObjectContent Of(Blob blob) => new([new Piece(blob, 0, blob.Length)]);

    /// <summary>One after the other, sharing their bytes.</summary>
    public static ObjectContent Concat(IEnumerable<ObjectContent> contents) => new ObjectContent([.. contents.SelectMany(static content => content.pieces)]).Shared();

    /// <summary>The same bytes with references of their own. Whoever calls keeps this one from being disposed meanwhile.</summary>
    public ObjectContent Share() => new ObjectContent(pieces).Shared();

    /// <summary>Some of the bytes, sharing them.</summary>
    public ObjectContent Slice(long from, long length) => new ObjectContent([.. Pieces(from, length)]).Shared();

    public async Task ReadAsync(long from, long length, ByteSink sink, CancellationToken cancellationToken)
    {
        foreach (var piece in Pieces(from, length))
        {
            await piece.Blob.ReadAsync(piece.From, piece.Length, sink, cancellationToken);
        }
    }

    public void Dispose()
    {
        foreach (var piece in pieces)
        {
            piece.Blob.Release();
        }
    }

    private ObjectContent Shared()
    {
        foreach (var piece in pieces)
        {
            piece.Blob.Share();
        }

        return this;
    }

    private IEnumerable<Piece> Pieces(long from, long length)
    {
        var end = from + length;
        var start = 0L;
        foreach (var piece in pieces)
        {
            var first = Math.Max(from, start);
            var last = Math.Min(end, start + piece.Length);
            if (first < last)
            {
                yield return new Piece(piece.Blob, piece.From + first - start, last - first);
            }

            start += piece.Length;
        }
    }

    private sealed record Piece(Blob Blob, long From, long Length);
}
