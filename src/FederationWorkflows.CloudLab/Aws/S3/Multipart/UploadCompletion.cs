using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Objects;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Multipart;

/// <summary>CompleteMultipartUpload: parts become an object, which shares their bytes.</summary>
internal sealed class UploadCompletion(BucketStore buckets, MultipartUploads uploads, ObjectWrites writes)
{
    private const int MaximumDocument = 4 * 1024 * 1024;

    // Amazon S3 User Guide, "Amazon S3 multipart upload limits": every part but the last.
    private const long MinimumPart = 5 * 1024 * 1024;

    [SuppressMessage("Reliability", "CA2000", Justification = "The object takes the content over; until then every failure disposes it.")]
    public async Task CompleteAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.BucketOfObject(buckets, "s3:PutObject");
        var upload = uploads.Get(bucket, call.Key, call.Query("uploadId"));
        var write = new ConditionalWrite(call.Key);
        using var underWay = buckets.Begin(bucket, write);
        var document = S3Xml.Read(await call.Payload.ReadDocumentAsync(MaximumDocument, requiresDigest: false, cancellationToken), "CompleteMultipartUpload");
        var parts = Choose(upload, document);
        CheckSize(call, parts.Sum(static part => part.Content.Length));
        var content = uploads.Join(upload, parts);
        ObjectChecksum checksum;
        try
        {
            checksum = upload.IsComposite ? Composite(upload, parts) : await FullAsync(upload, content, cancellationToken);
            if (call.Header(checksum.Algorithm.Header()) is { } claimed && claimed != checksum.Value)
            {
                throw S3Errors.BadDigest(checksum.Algorithm.Name());
            }
        }
        catch
        {
            content.Dispose();
            throw;
        }

        var value = new LabObject(content, ContentDigest.ETagOfParts([.. parts.Select(static part => part.Md5)]), LabObject.ToSeconds(call.Http.Now), upload.Headers, checksum)
        {
            Tags = upload.Tags,
            PartLengths = [.. parts.Select(static part => part.Content.Length)],
        };
        writes.Store(call, bucket, value, write);
        _ = uploads.Close(upload);
        call.Response.Headers["x-amz-server-side-encryption"] = "AES256";
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of(
                "CompleteMultipartUploadResult",
                S3Xml.Of("Location", $"{call.Http.Http.Request.Scheme}://{call.Http.Http.Request.Host}/{bucket.Name}/{Uri.EscapeDataString(call.Key)}"),
                S3Xml.Of("Bucket", bucket.Name),
                S3Xml.Of("Key", call.Key),
                S3Xml.Of("ETag", value.ETag),
                S3Xml.Of($"Checksum{checksum.Algorithm.Name()}", checksum.Value),
                S3Xml.Of("ChecksumType", checksum.Type)),
            cancellationToken);
    }

    private List<UploadedPart> Choose(MultipartUpload upload, XElement document)
    {
        var uploaded = uploads.PartsOf(upload).ToDictionary(static part => part.Number);
        var chosen = new List<UploadedPart>();
        foreach (var element in document.All("Part"))
        {
            var etag = element.Value("ETag") ?? throw S3Errors.MalformedXml();
            if (!int.TryParse(element.Value("PartNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                throw S3Errors.MalformedXml();
            }

            if (chosen.Count > 0 && number <= chosen[^1].Number)
            {
                throw S3Errors.InvalidPartOrder(upload.Id);
            }

            if (!uploaded.TryGetValue(number, out var part) || part.ETag.Trim('"') != etag.Trim('"'))
            {
                throw S3Errors.InvalidPart(upload.Id, number, etag);
            }

            CheckChecksum(upload, element, part);
            chosen.Add(part);
        }

        if (chosen.Count is 0 or > MultipartUploads.MaximumParts)
        {
            throw S3Errors.MalformedXml();
        }

        return chosen.SkipLast(1).FirstOrDefault(static part => part.Content.Length < MinimumPart) is { } small
            ? throw S3Errors.EntityTooSmall(small.Content.Length, MinimumPart, small.Number, small.ETag)
            : chosen;
    }

    private static void CheckChecksum(MultipartUpload upload, XElement element, UploadedPart part)
    {
        var given = element.Value($"Checksum{part.Checksum.Algorithm.Name()}");
        if (given is null && upload.IsComposite)
        {
            throw S3Errors.InvalidRequest(
                $"The upload was created using a {part.Checksum.Algorithm.ToString().ToLowerInvariant()} checksum. The complete request must include the checksum for each part. "
                + $"It was missing for part {part.Number} in the request.");
        }

        if (given is not null && given != part.Checksum.Value)
        {
            throw S3Errors.InvalidPart(upload.Id, part.Number, part.ETag);
        }
    }

    private static void CheckSize(S3Call call, long size)
    {
        if (call.Header("x-amz-mp-object-size") is { } claimed && claimed != size.ToString(CultureInfo.InvariantCulture))
        {
            throw S3Errors.InvalidRequest($"The provided 'x-amz-mp-object-size' header value {claimed} does not match what was computed: {size}");
        }
    }

    private static ObjectChecksum Composite(MultipartUpload upload, List<UploadedPart> parts)
    {
        var algorithm = upload.Algorithm!.Value;
        byte[] ofParts = [.. parts.SelectMany(static part => Convert.FromBase64String(part.Checksum.Value))];
        return new ObjectChecksum(algorithm, $"{Convert.ToBase64String(Checksums.Compute(algorithm, ofParts))}-{parts.Count}", IsComposite: true);
    }

    private static async Task<ObjectChecksum> FullAsync(MultipartUpload upload, ObjectContent content, CancellationToken cancellationToken)
    {
        var algorithm = upload.Algorithm ?? ChecksumAlgorithm.Crc64Nvme;
        using var running = Checksums.Start(algorithm);
        await content.ReadAsync(
            0,
            content.Length,
            (bytes, _) =>
            {
                running.Append(bytes.Span);
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        return new ObjectChecksum(algorithm, Convert.ToBase64String(running.Finish()));
    }
}
