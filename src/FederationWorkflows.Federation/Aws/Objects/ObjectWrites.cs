using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>Writes by the AWS SDK: the request or the parts, inside a conditional write.</summary>
internal sealed class ObjectWrites(S3Calls calls, IObjects reads, TransferFolder folder, IOptionsMonitor<FederationOptions> options, ILogger<MultipartWrite> log) : IObjectWrites
{
    private const string PutPermission = "s3:PutObject";

    public async Task<WrittenObject> PutAsync(ObjectTarget target, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        var write = Write("PutObject", target);
        var most = options.CurrentValue.Objects.MaxContentBytes;
        if (content.Length > most)
        {
            throw write.Call.Input(
                $"the content has {content.Length} bytes, and at most {most} are taken from a story",
                $"Upload a file; {FederationOptions.Section}:{nameof(FederationOptions.Objects)}:{nameof(ObjectOptions.MaxContentBytes)} sets the limit.");
        }

        return await write.RunAsync(
            async guard =>
            {
                using var stream = new MemoryStream(content.ToArray(), writable: false);
                return await PutAsync(write.Call, target, guard, stream, content.Length, null, cancellationToken);
            },
            isCostly: false,
            cancellationToken);
    }

    public async Task<WrittenObject> UploadAsync(ObjectTarget target, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var write = Write("PutObject", target);
        var (handle, length) = folder.OpenForReading(write.Call, file);
        using (handle)
        {
            return await write.RunAsync(
                guard => length <= MultipartWrite.SmallestPart
                    ? PutFileAsync(write.Call, target, guard, handle, length, progress, cancellationToken)
                    : new MultipartWrite(calls, target, guard, length, MultipartWrite.SmallestPart, progress, log).RunAsync(
                        (client, part, moved, limited) => SendPartAsync(client, target, handle, part, moved, limited), cancellationToken),
                isCostly: length > MultipartWrite.SmallestPart,
                cancellationToken);
        }
    }

    public async Task<WrittenObject> CopyAsync(ObjectTarget target, ObjectSource source, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var write = Write("CopyObject", target);
        ObjectInputs.RequireBucket(write.Call, source.Bucket, "the source bucket");
        ObjectInputs.RequireKey(write.Call, source.Key, "the source key");
        ObjectInputs.RequireVersion(write.Call, source.VersionId);
        var facts = await reads.DescribeAsync(
            new ObjectAddress
            {
                Credentials = target.Address.Credentials, Bucket = source.Bucket, Key = source.Key, VersionId = source.VersionId, Region = source.Region ?? target.Address.Region,
            },
            cancellationToken);

        // The mark must go with the copy, and S3 either copies metadata or takes all of it anew.
        var marked = target with
        {
            ContentType = target.ContentType ?? facts.ContentType,
            Metadata = target.Metadata.Count > 0 ? target.Metadata : facts.Metadata.Where(static item => item.Key != OwnWrite.Name).ToDictionary(),
        };
        return await write.RunAsync(
            guard => facts.Size <= MultipartWrite.LargestCopy
                ? CopyWholeAsync(write.Call, marked, guard, source, facts, cancellationToken)
                : new MultipartWrite(calls, marked, guard, facts.Size, MultipartWrite.LargestCopy, progress, log).RunAsync(
                    (client, part, _, limited) => CopyPartAsync(client, marked, source, facts, part, limited), cancellationToken),
            isCostly: facts.Size > MultipartWrite.LargestCopy,
            cancellationToken);
    }

    private ConditionalWrite Write(string operation, ObjectTarget target)
    {
        var call = S3Calls.Call(operation, target.Address);
        ObjectInputs.RequireTarget(call, target);
        return new ConditionalWrite(call, target, reads);
    }

    private async Task<WrittenObject> PutFileAsync(
        OutboundCall call, ObjectTarget target, WriteGuard guard, SafeFileHandle file, long length, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        using var slice = new FileSlice(file, 0, length, static _ => { });
        return await PutAsync(call, target, guard, slice, length, progress, cancellationToken);
    }

    private async Task<WrittenObject> PutAsync(
        OutboundCall call, ObjectTarget target, WriteGuard guard, Stream content, long length, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var answer = await calls.RunAsync(
            call,
            target.Address.Credentials,
            target.Address.Region,
            PutPermission,
            (client, limited) =>
            {
                var request = new PutObjectRequest
                {
                    BucketName = target.Address.Bucket,
                    Key = target.Address.Key,
                    InputStream = content,
                    AutoCloseStream = false,
                    ContentType = target.ContentType ?? ObjectTarget.UnknownType,
                    IfMatch = guard.IfMatch,
                    IfNoneMatch = guard.IfNoneMatch,
                };
                OwnWrite.Mark(request.Metadata, target);
                return client.PutObjectAsync(request, limited);
            },
            cancellationToken);
        if (string.IsNullOrEmpty(answer.ETag))
        {
            throw call.Unreadable("its answer has no ETag");
        }

        progress?.Report(new TransferProgress(length, length));
        return new WrittenObject(answer.ETag, answer.VersionId, length, IsRepeat: false);
    }

    private static async Task<PartETag> SendPartAsync(AmazonS3Client client, ObjectTarget target, SafeFileHandle file, WritePart part, Action<long> moved, CancellationToken cancellationToken)
    {
        using var slice = new FileSlice(file, part.Offset, part.Length, read => moved(read));
        var answer = await client.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = target.Address.Bucket,
                Key = target.Address.Key,
                UploadId = part.UploadId,
                PartNumber = part.Number,
                PartSize = part.Length,
                InputStream = slice,
                ChecksumAlgorithm = MultipartWrite.Checksum,
            },
            cancellationToken);
        return Part(target, part, answer.ETag, answer.ChecksumCRC32);
    }

    private async Task<WrittenObject> CopyWholeAsync(OutboundCall call, ObjectTarget target, WriteGuard guard, ObjectSource source, ObjectFacts facts, CancellationToken cancellationToken)
    {
        var answer = await calls.RunAsync(
            call,
            target.Address.Credentials,
            target.Address.Region,
            PutPermission,
            (client, limited) =>
            {
                var request = new CopyObjectRequest
                {
                    SourceBucket = source.Bucket,
                    SourceKey = source.Key,
                    SourceVersionId = source.VersionId,
                    ETagToMatch = facts.ETag,
                    DestinationBucket = target.Address.Bucket,
                    DestinationKey = target.Address.Key,
                    MetadataDirective = S3MetadataDirective.REPLACE,
                    ContentType = target.ContentType ?? ObjectTarget.UnknownType,
                    IfMatch = guard.IfMatch,
                    IfNoneMatch = guard.IfNoneMatch,
                };
                OwnWrite.Mark(request.Metadata, target);
                return client.CopyObjectAsync(request, limited);
            },
            cancellationToken);
        return string.IsNullOrEmpty(answer.ETag) ? throw call.Unreadable("its answer has no ETag") : new WrittenObject(answer.ETag, answer.VersionId, facts.Size, IsRepeat: false);
    }

    private static async Task<PartETag> CopyPartAsync(AmazonS3Client client, ObjectTarget target, ObjectSource source, ObjectFacts facts, WritePart part, CancellationToken cancellationToken)
    {
        var answer = await client.CopyPartAsync(
            new CopyPartRequest
            {
                SourceBucket = source.Bucket,
                SourceKey = source.Key,
                SourceVersionId = source.VersionId,
                ETagToMatch = [facts.ETag],
                DestinationBucket = target.Address.Bucket,
                DestinationKey = target.Address.Key,
                UploadId = part.UploadId,
                PartNumber = part.Number,
                FirstByte = part.Offset,
                LastByte = part.Offset + part.Length - 1,
            },
            cancellationToken);
        return Part(target, part, answer.ETag, answer.ChecksumCRC32);
    }

    private static PartETag Part(ObjectTarget target, WritePart part, string? etag, string? checksum) =>
        string.IsNullOrEmpty(etag) ? throw S3Calls.Call("UploadPart", target.Address).Unreadable("its answer has no ETag") : new PartETag(part.Number, etag) { ChecksumCRC32 = checksum };
}
