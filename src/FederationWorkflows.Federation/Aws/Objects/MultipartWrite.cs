using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>A part of an object.</summary>
internal sealed record WritePart(string UploadId, int Number, long Offset, long Length);

/// <summary>
/// Writes an object in parts, several at a time (Amazon S3 User Guide, "Uploading and copying objects using multipart upload"). A part that fails for a
/// passing reason is sent again; when the whole fails, its parts are taken back. The condition is S3's to check at the end.
/// </summary>
internal sealed partial class MultipartWrite(S3Calls calls, ObjectTarget target, WriteGuard guard, long size, long partSize, IProgress<TransferProgress>? progress, ILogger<MultipartWrite> log)
{
    /// <summary>8 MiB; S3 takes no smaller ones than 5 MiB.</summary>
    public const long SmallestPart = 8L * 1024 * 1024;

    /// <summary>512 MiB: what S3 copies in one call well within a time limit. It would take 5 GiB.</summary>
    public const long LargestCopy = 512L * 1024 * 1024;

    private const int MaxParts = 10_000;
    private const int AtOnce = 4;
    private const string Permission = "s3:PutObject";

    private long done;

    public static ChecksumAlgorithm Checksum => ChecksumAlgorithm.CRC32;

    /// <summary>Writes all parts.</summary>
    /// <param name="send">Sends one part, and tells how much of it has moved.</param>
    /// <param name="cancellationToken">Ends it; the parts are taken back.</param>
    public async Task<WrittenObject> RunAsync(Func<AmazonS3Client, WritePart, Action<long>, CancellationToken, Task<PartETag>> send, CancellationToken cancellationToken)
    {
        var uploadId = await BeginAsync(cancellationToken);
        try
        {
            // S3 numbers at most 10,000 parts, so large objects have larger ones.
            var length = Math.Max(partSize, (size + MaxParts - 1) / MaxParts);
            var parts = new PartETag[(size + length - 1) / length];
            await Parallel.ForAsync(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (index, ending) =>
                parts[index] = await SendAsync(send, new WritePart(uploadId, index + 1, index * length, Math.Min(length, size - (index * length))), ending));
            return await CompleteAsync(uploadId, parts, cancellationToken);
        }
        catch
        {
            await TakeBackAsync(uploadId);
            throw;
        }
    }

    private async Task<string> BeginAsync(CancellationToken cancellationToken)
    {
        var answer = await RunAsync(
            "CreateMultipartUpload",
            (client, limited) =>
            {
                var request = new InitiateMultipartUploadRequest
                {
                    BucketName = target.Address.Bucket, Key = target.Address.Key, ContentType = target.ContentType ?? ObjectTarget.UnknownType, ChecksumAlgorithm = Checksum,
                };
                OwnWrite.Mark(request.Metadata, target);
                return client.InitiateMultipartUploadAsync(request, limited);
            },
            cancellationToken);
        return string.IsNullOrEmpty(answer.UploadId) ? throw S3Calls.Call("CreateMultipartUpload", target.Address).Unreadable("its answer has no upload id") : answer.UploadId;
    }

    private Task<PartETag> SendAsync(Func<AmazonS3Client, WritePart, Action<long>, CancellationToken, Task<PartETag>> send, WritePart part, CancellationToken cancellationToken) =>
        calls.PersistAsync(
            async () =>
            {
                var mine = 0L;
                try
                {
                    var sent = await calls.RunAsync(
                        S3Calls.Call("UploadPart", target.Address),
                        target.Address.Credentials,
                        target.Address.Region,
                        Permission,
                        (client, moved, limited) => send(
                            client,
                            part,
                            bytes =>
                            {
                                moved();
                                mine += bytes;
                                Tell(bytes);
                            },
                            limited),
                        cancellationToken);
                    Tell(part.Length - mine);
                    return sent;
                }
                catch
                {
                    Tell(-mine);
                    throw;
                }
            },
            static () => 0,
            cancellationToken);

    private async Task<WrittenObject> CompleteAsync(string uploadId, PartETag[] parts, CancellationToken cancellationToken)
    {
        var answer = await RunAsync(
            "CompleteMultipartUpload",
            (client, limited) => client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = target.Address.Bucket, Key = target.Address.Key, UploadId = uploadId, PartETags = [.. parts], IfMatch = guard.IfMatch, IfNoneMatch = guard.IfNoneMatch,
                },
                limited),
            cancellationToken);
        return string.IsNullOrEmpty(answer.ETag)
            ? throw S3Calls.Call("CompleteMultipartUpload", target.Address).Unreadable("its answer has no ETag")
            : new WrittenObject(answer.ETag, answer.VersionId, size, IsRepeat: false);
    }

    /// <summary>Parts cost until they are taken back. What the caller hears is why the write failed, not whether this worked.</summary>
    private async Task TakeBackAsync(string uploadId)
    {
        try
        {
            await RunAsync(
                "AbortMultipartUpload",
                (client, limited) => client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = target.Address.Bucket, Key = target.Address.Key, UploadId = uploadId }, limited),
                CancellationToken.None);
        }
        catch (FederationException exception)
        {
            PartsRemain(log, target.Address.Bucket, target.Address.Key, exception.Message);
        }
    }

    private Task<T> RunAsync<T>(string operation, Func<AmazonS3Client, CancellationToken, Task<T>> action, CancellationToken cancellationToken) => calls.RunAsync(
        S3Calls.Call(operation, target.Address),
        target.Address.Credentials,
        target.Address.Region,
        operation == "AbortMultipartUpload" ? "s3:AbortMultipartUpload" : Permission,
        action,
        cancellationToken);

    private void Tell(long bytes)
    {
        if (bytes != 0)
        {
            progress?.Report(new TransferProgress(Interlocked.Add(ref done, bytes), size));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Parts of an upload to {Bucket}/{Key} remain in S3 and cost: {Reason} A lifecycle rule AbortIncompleteMultipartUpload removes such parts.")]
    private static partial void PartsRemain(ILogger logger, string bucket, string key, string reason);
}
