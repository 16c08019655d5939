using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Buckets;
using FederationWorkflows.CloudLab.Aws.S3.Objects;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3.Multipart;

/// <summary>Creating, feeding, looking at and aborting uploads in parts.</summary>
internal sealed class UploadOperations(BucketStore buckets, MultipartUploads uploads, ObjectWrites writes, long maximumPartSize)
{
    public async Task CreateAsync(S3Call call, CancellationToken cancellationToken)
    {
        var algorithm = ObjectCopies.AlgorithmOf(call.Http);
        var isComposite = IsComposite(call.Header("x-amz-checksum-type"), algorithm);
        var headers = ObjectHeaders.Of(call.Http);
        var (bucket, tags) = writes.Authorize(call);
        var upload = new MultipartUpload
        {
            Id = MultipartUploads.NewId(),
            Bucket = bucket,
            Key = call.Key,
            Initiator = call.Caller,
            Initiated = call.Http.Now,
            Headers = headers,
            Tags = tags,
            Algorithm = algorithm,
            IsComposite = isComposite,
        };
        if (!uploads.TryAdd(upload))
        {
            throw S3Errors.NoRoom();
        }

        if (algorithm is { } chosen)
        {
            call.Response.Headers["x-amz-checksum-algorithm"] = chosen.Name();
            call.Response.Headers["x-amz-checksum-type"] = isComposite ? "COMPOSITE" : "FULL_OBJECT";
        }

        call.Response.Headers["x-amz-server-side-encryption"] = "AES256";
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of("InitiateMultipartUploadResult", S3Xml.Of("Bucket", bucket.Name), S3Xml.Of("Key", call.Key), S3Xml.Of("UploadId", upload.Id)),
            cancellationToken);
    }

    public async Task UploadPartAsync(S3Call call, CancellationToken cancellationToken)
    {
        var number = PartNumber(call);
        var upload = uploads.Get(call.BucketOfObject(buckets, "s3:PutObject"), call.Key, call.Query("uploadId"));
        if (upload.Algorithm is { } expected && call.Payload.GivenAlgorithm is var given && given != expected && (given is not null || upload.IsComposite))
        {
            throw S3Errors.InvalidRequest(
                $"Checksum Type mismatch occurred, expected checksum Type: {Lower(expected)}, actual checksum Type: {(given is null ? "null" : Lower(given.Value))}");
        }

        var received = await call.Payload.ReceiveAsync(buckets.Spool, maximumPartSize, upload.Algorithm, cancellationToken);
        uploads.AddPart(upload, new UploadedPart(number, received.Content, received.Md5, received.Checksum, LabObject.ToSeconds(call.Http.Now)));
        call.Response.Headers.ETag = received.ETag;
        call.Response.Headers["x-amz-server-side-encryption"] = "AES256";
        if (received.HasGivenChecksum)
        {
            call.Response.Headers[received.Checksum.Algorithm.Header()] = received.Checksum.Value;
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The part takes the content over; until then every failure disposes it.")]
    public async Task UploadPartCopyAsync(S3Call call, CancellationToken cancellationToken)
    {
        var number = PartNumber(call);
        var source = CopySource.Read(call.Http);
        var upload = uploads.Get(call.BucketOfObject(buckets, "s3:PutObject"), call.Key, call.Query("uploadId"));
        var from = source.Open(call, buckets);
        using var original = from.Content;
        var range = ByteRange.OfCopy(call.Header("x-amz-copy-source-range"), original.Length);
        if (range.Length > maximumPartSize)
        {
            throw S3Errors.InvalidRequest($"The specified copy source is larger than the maximum allowable size for a copy source: {maximumPartSize}");
        }

        call.Http.RequestParameters!["x-amz-copy-source"] = $"{source.Bucket}/{source.Key}";
        var content = original.Slice(range.From, range.Length);
        UploadedPart part;
        try
        {
            var (md5, checksum) = await ObjectCopies.DigestAsync(content, upload.Algorithm ?? ChecksumAlgorithm.Crc64Nvme, cancellationToken);
            part = new UploadedPart(number, content, md5, checksum, LabObject.ToSeconds(call.Http.Now));
        }
        catch
        {
            content.Dispose();
            throw;
        }

        uploads.AddPart(upload, part);
        await S3Xml.AnswerAsync(call.Http, ObjectCopies.Result("CopyPartResult", part.ETag, part.LastModified, part.Checksum), cancellationToken);
    }

    public Task AbortAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var upload = uploads.Get(call.BucketOfObject(buckets, "s3:AbortMultipartUpload"), call.Key, call.Query("uploadId"));
        if (!uploads.Close(upload))
        {
            throw S3Errors.NoSuchUpload(upload.Id);
        }

        call.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public async Task ListPartsAsync(S3Call call, CancellationToken cancellationToken)
    {
        var upload = uploads.Get(call.BucketOfObject(buckets, "s3:ListMultipartUploadParts"), call.Key, call.Query("uploadId"));
        var maximum = Paging.Maximum(call, "max-parts", 1000);
        var marker = call.Query("part-number-marker") is null ? 0 : Paging.Maximum(call, "part-number-marker", int.MaxValue);
        var parts = uploads.PartsOf(upload).Where(part => part.Number > marker).ToList();
        var page = parts.Take(maximum).ToList();
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of(
                "ListPartsResult",
                S3Xml.Of("Bucket", upload.Bucket.Name),
                S3Xml.Of("Key", upload.Key),
                S3Xml.Of("UploadId", upload.Id),
                People(upload),
                S3Xml.Of("StorageClass", upload.Headers.StorageClass),
                S3Xml.Of("PartNumberMarker", marker),
                page.Count == 0 ? null : S3Xml.Of("NextPartNumberMarker", page[^1].Number),
                S3Xml.Of("MaxParts", maximum),
                S3Xml.Of("IsTruncated", page.Count < parts.Count),
                S3Xml.Optional("ChecksumAlgorithm", upload.Algorithm?.Name()),
                upload.Algorithm is null ? null : S3Xml.Of("ChecksumType", upload.IsComposite ? "COMPOSITE" : "FULL_OBJECT"),
                page.Select(static part => S3Xml.Of(
                    "Part",
                    S3Xml.Of("PartNumber", part.Number),
                    S3Xml.Of("LastModified", S3Xml.Iso(part.LastModified)),
                    S3Xml.Of("ETag", part.ETag),
                    S3Xml.Of("Size", part.Content.Length),
                    S3Xml.Of($"Checksum{part.Checksum.Algorithm.Name()}", part.Checksum.Value)))),
            cancellationToken);
    }

    public async Task ListUploadsAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:ListBucketMultipartUploads");
        var prefix = call.Query("prefix") ?? string.Empty;
        var delimiter = call.Query("delimiter");
        var keyMarker = call.Query("key-marker");
        var idMarker = keyMarker is null ? null : call.Query("upload-id-marker");
        var maximum = Paging.Maximum(call, "max-uploads", 1000);
        var text = ObjectListing.Encoding(call);
        var found = uploads.Of(bucket).Where(upload => upload.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList();

        // Several uploads may have one key: the id says how far the page before went among them.
        var seen = idMarker is null ? -1 : found.FindIndex(upload => upload.Key == keyMarker && upload.Id == idMarker);
        var rest = found.Where((upload, index) => keyMarker is null || string.CompareOrdinal(upload.Key, keyMarker) > 0 || (seen >= 0 && index > seen))
            .Select(static upload => new KeyValuePair<string, MultipartUpload>(upload.Key, upload));
        var (entries, isTruncated) = Paging.Page(rest, prefix, delimiter, seen >= 0 ? null : keyMarker, maximum);
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of(
                "ListMultipartUploadsResult",
                S3Xml.Of("Bucket", bucket.Name),
                S3Xml.Of("KeyMarker", text(keyMarker ?? string.Empty)),
                S3Xml.Of("UploadIdMarker", idMarker ?? string.Empty),
                isTruncated ? S3Xml.Of("NextKeyMarker", text(entries[^1].Name)) : null,
                isTruncated ? S3Xml.Of("NextUploadIdMarker", entries[^1].Item?.Id ?? string.Empty) : null,
                S3Xml.Of("Prefix", text(prefix)),
                S3Xml.Optional("Delimiter", delimiter is null ? null : text(delimiter)),
                S3Xml.Optional("EncodingType", call.Query("encoding-type")),
                S3Xml.Of("MaxUploads", maximum),
                S3Xml.Of("IsTruncated", isTruncated),
                entries.Where(static entry => entry.Item is not null).Select(entry => S3Xml.Of(
                    "Upload",
                    S3Xml.Of("Key", text(entry.Name)),
                    S3Xml.Of("UploadId", entry.Item!.Id),
                    People(entry.Item),
                    S3Xml.Of("StorageClass", entry.Item.Headers.StorageClass),
                    S3Xml.Of("Initiated", S3Xml.Iso(entry.Item.Initiated)))),
                entries.Where(static entry => entry.Item is null).Select(entry => S3Xml.Of("CommonPrefixes", S3Xml.Of("Prefix", text(entry.Name))))),
            cancellationToken);
    }

    private static XElement[] People(MultipartUpload upload) =>
    [
        S3Xml.Of("Initiator", S3Xml.Of("ID", upload.Initiator.Arn), S3Xml.Of("DisplayName", upload.Initiator.Arn)),
        S3Xml.Of("Owner", S3Xml.Of("ID", BucketOperations.OwnerId(upload.Bucket.AccountId))),
    ];

    private static int PartNumber(S3Call call) =>
        int.TryParse(call.Query("partNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MultipartUploads.MaximumParts
            ? number
            : throw S3Errors.InvalidArgument($"Part number must be an integer between 1 and {MultipartUploads.MaximumParts}, inclusive", "partNumber", call.Query("partNumber") ?? string.Empty);

    // Amazon S3 User Guide, "Checking object integrity": SHA checksums of uploads in parts are composite, CRC64NVME is of the full object, the others can be both.
    private static bool IsComposite(string? type, ChecksumAlgorithm? algorithm)
    {
        if (algorithm is null)
        {
            return type is null or "FULL_OBJECT" ? false : throw S3Errors.InvalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
        }

        var isComposite = type switch
        {
            null => algorithm != ChecksumAlgorithm.Crc64Nvme,
            "COMPOSITE" => true,
            "FULL_OBJECT" => false,
            _ => throw S3Errors.InvalidRequest("Value for x-amz-checksum-type header is invalid."),
        };
        var fits = isComposite ? algorithm != ChecksumAlgorithm.Crc64Nvme : algorithm is not (ChecksumAlgorithm.Sha1 or ChecksumAlgorithm.Sha256);
        return fits
            ? isComposite
            : throw S3Errors.InvalidRequest($"The {(isComposite ? "COMPOSITE" : "FULL_OBJECT")} checksum type cannot be used with the {Lower(algorithm.Value)} checksum algorithm.");
    }

    private static string Lower(ChecksumAlgorithm algorithm) => algorithm.ToString().ToLowerInvariant();
}
