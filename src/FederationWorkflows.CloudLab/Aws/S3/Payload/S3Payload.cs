using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.CloudLab.Aws.Signing;

namespace FederationWorkflows.CloudLab.Aws.S3.Payload;

/// <summary>
/// Reads a body as its <c>x-amz-content-sha256</c> says: hashed, unsigned, or in chunks with or without signatures and trailers
/// (Amazon S3 API Reference, "Authenticating requests: transferring payload in multiple chunks"). It is passed on as it comes and never held as a whole.
/// </summary>
internal sealed class S3Payload(AwsCall call, SignedCall signed, string payloadHash)
{
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    private const ChecksumAlgorithm Default = ChecksumAlgorithm.Crc64Nvme;
    private const string UnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    private const string SignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string SignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

    private bool IsChunked => payloadHash.StartsWith("STREAMING-", StringComparison.Ordinal);

    /// <summary>Reads a body that is a document.</summary>
    public async Task<byte[]> ReadDocumentAsync(int limit, bool requiresDigest, CancellationToken cancellationToken)
    {
        if (requiresDigest && call.Header("Content-MD5") is null && Given() is null && Announced() is null)
        {
            throw S3Errors.InvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        }

        using var body = new MemoryStream();
        await CopyToAsync((bytes, token) => body.WriteAsync(bytes, token), limit, Default, cancellationToken);
        return body.ToArray();
    }

    /// <summary>Stores a body that is the content of an object or a part.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The receiver takes the content over.")]
    public async Task<ReceivedContent> ReceiveAsync(Spool spool, long limit, ChecksumAlgorithm? fallback, CancellationToken cancellationToken)
    {
        using var writer = new BlobWriter(spool);
        var (md5, checksum, isGiven) = await CopyToAsync(writer.WriteAsync, limit, fallback ?? Default, cancellationToken);
        return new ReceivedContent(ObjectContent.Of(await writer.CompleteAsync(cancellationToken)), md5, checksum, isGiven);
    }

    /// <summary>The algorithm of the checksum that comes with the body; null when none does.</summary>
    public ChecksumAlgorithm? GivenAlgorithm => Given()?.Algorithm ?? Announced();

    private async Task<(byte[] Md5, ObjectChecksum Checksum, bool IsGiven)> CopyToAsync(
        ByteSink sink, long limit, ChecksumAlgorithm fallback, CancellationToken cancellationToken)
    {
        var given = Given();
        var announced = Announced();
        var declared = DeclaredLength();
        if (declared > limit)
        {
            throw S3Errors.EntityTooLarge(declared.Value, limit);
        }

        using var digest = new ContentDigest(given?.Algorithm ?? announced ?? fallback);
        using var sha256 = IsChunked || payloadHash == Unsigned ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = 0L;
        async ValueTask Take(ReadOnlyMemory<byte> bytes, CancellationToken token)
        {
            length += bytes.Length;
            if (length > limit)
            {
                throw S3Errors.EntityTooLarge(length, limit);
            }

            digest.Append(bytes.Span);
            sha256?.AppendData(bytes.Span);
            await sink(bytes, token);
        }

        var trailer = IsChunked ? await Chunks(announced).CopyToAsync(Take, cancellationToken) : null;
        if (!IsChunked)
        {
            await CopyWholeAsync(Take, cancellationToken);
        }

        if (IsChunked && declared != length)
        {
            throw S3Errors.IncompleteBody();
        }

        if (sha256 is not null && Convert.ToHexStringLower(sha256.GetHashAndReset()) is var computed && computed != payloadHash)
        {
            throw S3Errors.ContentHashMismatch(payloadHash, computed);
        }

        var (md5, checksum) = digest.Finish();
        if ((trailer ?? given?.Value) is { } claimed && claimed != checksum.Value)
        {
            throw S3Errors.BadDigest(checksum.Algorithm.Name());
        }

        CheckMd5(md5);
        return (md5, checksum, given is not null || announced is not null);
    }

    private async Task CopyWholeAsync(ByteSink sink, CancellationToken cancellationToken)
    {
        var body = call.Http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            try
            {
                foreach (var bytes in read.Buffer)
                {
                    await sink(bytes, cancellationToken);
                }
            }
            finally
            {
                // Also when it is refused: the server goes on reading to keep the connection.
                body.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private ChunkedPayload Chunks(ChecksumAlgorithm? announced)
    {
        var isSigned = payloadHash is SignedChunks or SignedTrailer;
        if (!isSigned && payloadHash != UnsignedTrailer)
        {
            throw S3Errors.NotImplemented($"x-amz-content-sha256: {payloadHash}");
        }

        return new ChunkedPayload(call.Http.Request.BodyReader, signed, isSigned, payloadHash == SignedChunks ? null : announced, payloadHash != SignedChunks);
    }

    private long? DeclaredLength()
    {
        if (!IsChunked)
        {
            return call.Http.Request.ContentLength ?? (call.Http.Request.Headers.TransferEncoding.Count > 0 ? throw S3Errors.MissingContentLength() : null);
        }

        return long.TryParse(call.Header("x-amz-decoded-content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw S3Errors.MissingContentLength();
    }

    private ObjectChecksum? Given() => call.Http.Request.Headers
        .Select(static header => Checksums.OfHeader(header.Key) is { } algorithm ? new ObjectChecksum(algorithm, header.Value.ToString()) : null)
        .FirstOrDefault(static checksum => checksum is not null);

    // One checksum is all that S3's clients announce.
    private ChecksumAlgorithm? Announced() => call.Header("x-amz-trailer") is { } trailer && IsChunked
        ? Checksums.OfHeader(trailer.Trim()) ?? throw S3Errors.InvalidRequest("The value specified in the x-amz-trailer header is not supported")
        : null;

    private void CheckMd5(byte[] md5)
    {
        if (call.Header("Content-MD5") is not { } given)
        {
            return;
        }

        var bytes = new byte[64];
        if (given.Length > 64 || !Convert.TryFromBase64String(given, bytes, out var written) || written != 16)
        {
            throw S3Errors.InvalidDigest();
        }

        if (!md5.AsSpan().SequenceEqual(bytes.AsSpan(0, written)))
        {
            throw S3Errors.BadDigest("Content-MD5");
        }
    }
}

/// <summary>A body that was stored and was what its digests said.</summary>
/// <param name="Content">Its bytes; the receiver's to dispose.</param>
/// <param name="Md5">Their MD5.</param>
/// <param name="Checksum">Their checksum: the one that came with them, or S3's own choice.</param>
/// <param name="HasGivenChecksum">Whether the checksum came with them.</param>
internal sealed record ReceivedContent(ObjectContent Content, byte[] Md5, ObjectChecksum Checksum, bool HasGivenChecksum)
{
    public string ETag => ContentDigest.ETag(Md5);
}
