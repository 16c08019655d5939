using System.Globalization;
using System.Text;
using FederationWorkflows.CloudLab.Aws.Signing;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>
/// Reads a body as its <c>x-amz-content-sha256</c> says: hashed, unsigned, or in chunks with or without signatures and trailers
/// (Amazon S3 API Reference, "Authenticating requests: transferring payload in multiple chunks").
/// </summary>
internal sealed class S3Payload
{
    public const string Unsigned = "UNSIGNED-PAYLOAD";
    private const string UnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    private const string Signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    private const string SignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

    // Chunk headers, signatures and trailers: generous for the smallest chunks S3 takes (8 KiB).
    private const int FramingAllowance = 1024 * 1024;

    private readonly SignedCall signed;
    private readonly byte[] raw;
    private int position;
    private string previousSignature;

    private S3Payload(SignedCall signed, byte[] raw)
    {
        this.signed = signed;
        this.raw = raw;
        previousSignature = signed.Authorization.Signature;
    }

    /// <summary>The object's bytes, and the checksum that came with them and was right.</summary>
    public static async Task<(byte[] Content, KeyValuePair<string, string>? Checksum)> ReadAsync(
        AwsCall call, SignedCall signed, string payloadHash, int limit, CancellationToken cancellationToken)
    {
        AwsException TooLarge() => S3Errors.EntityTooLarge(limit);
        var isChunked = payloadHash.StartsWith("STREAMING-", StringComparison.Ordinal);
        var raw = await call.ReadBodyAsync(isChunked ? limit + FramingAllowance : limit, TooLarge, cancellationToken);
        var content = raw;
        var checksum = HeaderChecksum(call);
        if (isChunked)
        {
            var payload = new S3Payload(signed, raw);
            (content, var trailer) = payload.Decode(payloadHash, call.Header("x-amz-trailer"));
            checksum = trailer ?? checksum;
            if (call.Header("x-amz-decoded-content-length") != content.Length.ToString(CultureInfo.InvariantCulture))
            {
                throw S3Errors.IncompleteBody();
            }

            if (content.Length > limit)
            {
                throw TooLarge();
            }
        }
        else if (payloadHash != Unsigned && AwsCall.HashOf(raw) is var computed && computed != payloadHash)
        {
            throw S3Errors.ContentHashMismatch(payloadHash, computed);
        }

        CheckDigests(call, content, checksum);
        return (content, checksum);
    }

    private static KeyValuePair<string, string>? HeaderChecksum(AwsCall call) =>
        call.Http.Request.Headers.FirstOrDefault(static header => Checksums.Compute(header.Key.ToLowerInvariant(), []) is not null) is { Key: not null } found
            ? new(found.Key.ToLowerInvariant(), found.Value.ToString())
            : null;

    private static void CheckDigests(AwsCall call, byte[] content, KeyValuePair<string, string>? checksum)
    {
        if (checksum is { } given && Checksums.Compute(given.Key, content) != given.Value)
        {
            throw S3Errors.BadDigest(Checksums.NameOf(given.Key));
        }

        if (call.Header("Content-MD5") is { } md5)
        {
            var bytes = new byte[64];
            if (md5.Length > 64 || !Convert.TryFromBase64String(md5, bytes, out var written) || written != 16)
            {
                throw S3Errors.InvalidDigest();
            }

            if (!Checksums.Md5(content).AsSpan().SequenceEqual(bytes.AsSpan(0, written)))
            {
                throw S3Errors.BadDigest("Content-MD5");
            }
        }
    }

    private (byte[] Content, KeyValuePair<string, string>? Trailer) Decode(string payloadHash, string? announcedTrailer)
    {
        var isSigned = payloadHash is Signed or SignedTrailer;
        if (!isSigned && payloadHash != UnsignedTrailer)
        {
            throw S3Errors.NotImplemented($"x-amz-content-sha256: {payloadHash}");
        }

        using var content = new MemoryStream(raw.Length);
        int length;
        do
        {
            var header = Line();
            var semicolon = header.IndexOf(';', StringComparison.Ordinal);
            if (!int.TryParse(semicolon < 0 ? header : header[..semicolon], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out length)
                || length < 0 || length > raw.Length - position)
            {
                throw S3Errors.IncompleteBody();
            }

            var chunk = raw.AsSpan(position, length);
            position += length;
            if (isSigned)
            {
                CheckSignature("AWS4-HMAC-SHA256-PAYLOAD", $"{AwsCall.HashOf([])}\n{AwsCall.HashOf(chunk)}", SignatureOf(header, semicolon));
            }

            content.Write(chunk);
            if (length > 0 && Line().Length > 0)
            {
                throw S3Errors.IncompleteBody();
            }
        }
        while (length > 0);

        return (content.ToArray(), payloadHash == Signed ? null : Trailer(isSigned, announcedTrailer));
    }

    private KeyValuePair<string, string>? Trailer(bool isSigned, string? announced)
    {
        KeyValuePair<string, string>? trailer = null;
        while (position < raw.Length && Line() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon > 0 ? (line[..colon].Trim().ToLowerInvariant(), line[(colon + 1)..].Trim()) : throw S3Errors.IncompleteBody();
            if (name == "x-amz-trailer-signature")
            {
                if (!isSigned || trailer is not { } signedTrailer)
                {
                    throw S3Errors.IncompleteBody();
                }

                CheckSignature("AWS4-HMAC-SHA256-TRAILER", AwsCall.HashOf(Encoding.UTF8.GetBytes($"{signedTrailer.Key}:{signedTrailer.Value}\n")), value);
                return trailer;
            }

            // One checksum is all that S3's clients send; the name must be the announced one, which is signed.
            if (trailer is not null || name != announced?.Trim().ToLowerInvariant() || Checksums.Compute(name, []) is null)
            {
                throw S3Errors.InvalidRequest("The value specified in the x-amz-trailer header is not supported");
            }

            trailer = new(name, value);
        }

        return trailer is not null && !isSigned ? trailer : throw S3Errors.IncompleteBody();
    }

    private void CheckSignature(string algorithm, string digests, string given)
    {
        var authorization = signed.Authorization;
        var expected = SigV4Verifier.Sign(signed.SigningKey, $"{algorithm}\n{authorization.Timestamp}\n{authorization.Scope}\n{previousSignature}\n{digests}");
        if (!SigV4Verifier.SameSignature(expected, given))
        {
            throw S3Errors.ChunkSignatureMismatch();
        }

        previousSignature = expected;
    }

    private static string SignatureOf(string header, int semicolon) =>
        semicolon > 0 && header[(semicolon + 1)..].Split('=') is ["chunk-signature", var signature] ? signature : throw S3Errors.IncompleteBody();

    private string Line()
    {
        var end = raw.AsSpan(position).IndexOf("\r\n"u8);
        if (end is < 0 or > 1024)
        {
            throw S3Errors.IncompleteBody();
        }

        var line = Encoding.ASCII.GetString(raw, position, end);
        position += end + 2;
        return line;
    }
}
