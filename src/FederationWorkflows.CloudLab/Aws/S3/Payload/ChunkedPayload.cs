using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.CloudLab.Aws.Signing;

namespace FederationWorkflows.CloudLab.Aws.S3.Payload;

/// <summary>
/// A body in <c>aws-chunked</c>: each chunk with its length and signature, then perhaps a trailing checksum with a signature of its own. Signatures are a chain
/// that begins with the request's.
/// </summary>
internal sealed class ChunkedPayload(PipeReader body, SignedCall signed, bool isSigned, ChecksumAlgorithm? announced, bool hasTrailer)
{
    private const int LongestLine = 1024;

    private string previousSignature = signed.Authorization.Signature;

    /// <summary>Passes the decoded bytes on and returns the trailing checksum; null when there is none. Nothing may be relied on before it has returned.</summary>
    public async Task<string?> CopyToAsync(ByteSink sink, CancellationToken cancellationToken)
    {
        long length;
        do
        {
            var header = await LineAsync(cancellationToken);
            var semicolon = header.IndexOf(';', StringComparison.Ordinal);
            if (!long.TryParse(semicolon < 0 ? header : header[..semicolon], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out length) || length < 0)
            {
                throw S3Errors.IncompleteBody();
            }

            var hash = await CopyChunkAsync(length, sink, cancellationToken);
            if (isSigned)
            {
                CheckSignature("AWS4-HMAC-SHA256-PAYLOAD", $"{AwsCall.HashOf([])}\n{hash}", SignatureOf(header, semicolon));
            }

            if (length > 0 && (await LineAsync(cancellationToken)).Length > 0)
            {
                throw S3Errors.IncompleteBody();
            }
        }
        while (length > 0);

        var trailer = hasTrailer ? await TrailerAsync(cancellationToken) : null;
        await DrainAsync(cancellationToken);
        return trailer;
    }

    private async Task<string> CopyChunkAsync(long length, ByteSink sink, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = length; left > 0;)
        {
            var read = await body.ReadAsync(cancellationToken);
            var part = read.Buffer.Slice(0, Math.Min(left, read.Buffer.Length));

            // Once it is advanced past, what the pipe lent is no longer what it was, its length included.
            left = part.IsEmpty ? throw S3Errors.IncompleteBody() : left - part.Length;
            try
            {
                foreach (var bytes in part)
                {
                    if (isSigned)
                    {
                        hash.AppendData(bytes.Span);
                    }

                    await sink(bytes, cancellationToken);
                }
            }
            finally
            {
                body.AdvanceTo(part.End);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<string?> TrailerAsync(CancellationToken cancellationToken)
    {
        string? name = null, value = null;
        while (await LineOrEndAsync(cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (key, text) = colon > 0 ? (line[..colon].Trim().ToLowerInvariant(), line[(colon + 1)..].Trim()) : throw S3Errors.IncompleteBody();
            if (key == "x-amz-trailer-signature")
            {
                if (!isSigned || value is null)
                {
                    throw S3Errors.IncompleteBody();
                }

                CheckSignature("AWS4-HMAC-SHA256-TRAILER", AwsCall.HashOf(Encoding.UTF8.GetBytes($"{name}:{value}\n")), text);
                return value;
            }

            // The name must be the announced one, which is signed.
            if (value is not null || announced is null || key != announced.Value.Header())
            {
                throw S3Errors.InvalidRequest("The value specified in the x-amz-trailer header is not supported");
            }

            (name, value) = (key, text);
        }

        return value is not null && !isSigned ? value : throw S3Errors.IncompleteBody();
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

    private async ValueTask<string> LineAsync(CancellationToken cancellationToken) => await LineOrEndAsync(cancellationToken) ?? throw S3Errors.IncompleteBody();

    // Null at the end of the body.
    private async ValueTask<string?> LineOrEndAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            if (TryReadLine(read.Buffer, out var line, out var next))
            {
                body.AdvanceTo(next);
                return line;
            }

            var isOver = read.IsCompleted || read.Buffer.Length > LongestLine;
            body.AdvanceTo(isOver ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (isOver)
            {
                return read.IsCompleted && read.Buffer.IsEmpty ? null : throw S3Errors.IncompleteBody();
            }
        }
    }

    private static bool TryReadLine(ReadOnlySequence<byte> buffer, out string? line, out SequencePosition next)
    {
        var reader = new SequenceReader<byte>(buffer);
        var found = reader.TryReadTo(out ReadOnlySequence<byte> bytes, "\r\n"u8) && bytes.Length <= LongestLine;
        line = found ? Encoding.ASCII.GetString(bytes) : null;
        next = reader.Position;
        return found;
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
