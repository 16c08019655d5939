using System.Diagnostics.CodeAnalysis;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>CopyObject. A copy shares the bytes of its source.</summary>
internal sealed class ObjectCopies(BucketStore buckets, ObjectWrites writes)
{
    /// <summary>Amazon S3 API Reference, CopyObject: 5 GiB; larger objects are copied part by part.</summary>
    public const long MaximumSource = 5L * 1024 * 1024 * 1024;

    [SuppressMessage("Reliability", "CA2000", Justification = "The object takes the content over, and Store disposes it when it cannot.")]
    public async Task CopyObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        var http = call.Http;
        var source = CopySource.Read(http);
        var replacesMetadata = Replaces(http, "x-amz-metadata-directive", "Unknown metadata directive.");
        var replacesTags = Replaces(http, "x-amz-tagging-directive", "Unknown tagging directive.");
        var headers = ObjectHeaders.Of(http);
        var (bucket, newTags) = writes.Authorize(call);
        var from = source.Open(call, buckets);
        using var original = from.Content;
        var isItself = source == new CopySource(call.BucketName, call.Key);
        if (isItself && !replacesMetadata && !replacesTags && headers.StorageClass == from.Headers.StorageClass)
        {
            throw S3Errors.InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect "
                + "location or encryption attributes.");
        }

        if (original.Length > MaximumSource)
        {
            throw S3Errors.InvalidRequest($"The specified copy source is larger than the maximum allowable size for a copy source: {MaximumSource}");
        }

        if (from.Tags.Count > 0 && !replacesTags)
        {
            call.BucketOfObject(buckets, source.Bucket, source.Key, "s3:GetObjectTagging");
            call.BucketOfObject(buckets, "s3:PutObjectTagging", ObjectTags.Context(from.Tags));
        }

        var write = new ConditionalWrite(call.Key);
        using var underWay = buckets.Begin(bucket, write);
        var (md5, checksum) = await DigestAsync(original, AlgorithmOf(http) ?? from.Checksum.Algorithm, cancellationToken);
        var copy = new LabObject(
            original.Share(),
            ContentDigest.ETag(md5),
            LabObject.ToSeconds(http.Now),
            replacesMetadata ? headers : from.Headers with { StorageClass = headers.StorageClass },
            checksum) { Tags = replacesTags ? newTags : from.Tags };
        writes.Store(call, bucket, copy, write);
        http.RequestParameters!["x-amz-copy-source"] = $"{source.Bucket}/{source.Key}";
        call.Response.Headers["x-amz-server-side-encryption"] = "AES256";
        await S3Xml.AnswerAsync(http, Result("CopyObjectResult", copy.ETag, copy.LastModified, checksum), cancellationToken);
    }

    /// <summary>What a copy of an object or of a part answers.</summary>
    public static XElement Result(string name, string etag, DateTimeOffset lastModified, ObjectChecksum checksum) => S3Xml.Of(
        name,
        S3Xml.Of("LastModified", S3Xml.Iso(lastModified)),
        S3Xml.Of("ETag", etag),
        S3Xml.Of($"Checksum{checksum.Algorithm.Name()}", checksum.Value),
        name == "CopyObjectResult" ? S3Xml.Of("ChecksumType", checksum.Type) : null);

    /// <summary>Reads a content once through.</summary>
    public static async Task<(byte[] Md5, ObjectChecksum Checksum)> DigestAsync(ObjectContent content, ChecksumAlgorithm algorithm, CancellationToken cancellationToken)
    {
        using var digest = new ContentDigest(algorithm);
        await content.ReadAsync(
            0,
            content.Length,
            (bytes, _) =>
            {
                digest.Append(bytes.Span);
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        return digest.Finish();
    }

    /// <summary>The algorithm of <c>x-amz-checksum-algorithm</c>; null when the request names none.</summary>
    public static ChecksumAlgorithm? AlgorithmOf(AwsCall call) => call.Header("x-amz-checksum-algorithm") is { } name
        ? Checksums.OfName(name) ?? throw S3Errors.InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        : null;

    private static bool Replaces(AwsCall call, string header, string complaint) => call.Header(header) switch
    {
        null or "COPY" => false,
        "REPLACE" => true,
        var other => throw S3Errors.InvalidArgument(complaint, header, other),
    };
}
