using System.Globalization;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.S3.Buckets;

/// <summary>ListObjects, version 1 and version 2.</summary>
internal sealed class ObjectListing(BucketStore buckets)
{
    private const int MaximumKeys = 1000;

    public async Task ListAsync(S3Call call, CancellationToken cancellationToken)
    {
        var isVersion2 = call.Query("list-type") is { } type && (type == "2" ? true : throw S3Errors.InvalidArgument("Invalid List Type specified in Request", "list-type", type));
        var prefix = call.Query("prefix") ?? string.Empty;
        var delimiter = call.Query("delimiter");
        var maximum = Paging.Maximum(call, "max-keys", MaximumKeys);
        var text = Encoding(call);
        var context = ConditionContext.Empty
            .With("s3:prefix", prefix)
            .With("s3:delimiter", delimiter is null ? [] : [delimiter])
            .With("s3:max-keys", maximum.ToString(CultureInfo.InvariantCulture));
        var bucket = call.Bucket(buckets, "s3:ListBucket", context);
        var after = isVersion2 ? Paging.Name(call.Query("continuation-token")) ?? call.Query("start-after") : call.Query("marker");
        var (entries, isTruncated) = Paging.Page(buckets.List(bucket, prefix), prefix, delimiter, after, maximum);
        var last = isTruncated ? entries[^1].Name : null;
        var hasOwner = !isVersion2 || call.Query("fetch-owner") == "true";
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of(
                "ListBucketResult",
                S3Xml.Of("Name", bucket.Name),
                S3Xml.Of("Prefix", text(prefix)),
                isVersion2 ? Position2(call, text, last, entries.Count) : Position1(call, text, delimiter is null ? null : last),
                S3Xml.Of("MaxKeys", maximum),
                S3Xml.Optional("Delimiter", delimiter is null ? null : text(delimiter)),
                S3Xml.Optional("EncodingType", call.Query("encoding-type")),
                S3Xml.Of("IsTruncated", isTruncated),
                entries.Where(static entry => entry.Item is not null).Select(entry => Contents(text(entry.Name), entry.Item!, hasOwner ? bucket : null)),
                entries.Where(static entry => entry.Item is null).Select(entry => S3Xml.Of("CommonPrefixes", S3Xml.Of("Prefix", text(entry.Name))))),
            cancellationToken);
    }

    /// <summary>How the names of a listing are written: as they are, or with <c>encoding-type=url</c> percent-encoded.</summary>
    public static Func<string, string> Encoding(S3Call call) => call.Query("encoding-type") switch
    {
        null => static value => value,
        "url" => static value => Uri.EscapeDataString(value).Replace("%2F", "/", StringComparison.Ordinal),
        var other => throw S3Errors.InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", other),
    };

    private static XElement?[] Position1(S3Call call, Func<string, string> text, string? next) =>
    [
        S3Xml.Of("Marker", text(call.Query("marker") ?? string.Empty)),
        S3Xml.Optional("NextMarker", next is null ? null : text(next)),
    ];

    private static XElement?[] Position2(S3Call call, Func<string, string> text, string? next, int count) =>
    [
        S3Xml.Optional("StartAfter", call.Query("start-after") is { } start ? text(start) : null),
        S3Xml.Optional("ContinuationToken", call.Query("continuation-token")),
        S3Xml.Optional("NextContinuationToken", next is null ? null : Paging.Token(next)),
        S3Xml.Of("KeyCount", count),
    ];

    private static XElement Contents(string key, LabObject value, LabBucket? owner) => S3Xml.Of(
        "Contents",
        S3Xml.Of("Key", key),
        S3Xml.Of("LastModified", S3Xml.Iso(value.LastModified)),
        S3Xml.Of("ETag", value.ETag),
        S3Xml.Of("ChecksumAlgorithm", value.Checksum.Algorithm.Name()),
        S3Xml.Of("ChecksumType", value.Checksum.Type),
        S3Xml.Of("Size", value.Content.Length),
        owner is null ? null : S3Xml.Of("Owner", S3Xml.Of("ID", BucketOperations.OwnerId(owner.AccountId))),
        S3Xml.Of("StorageClass", value.Headers.StorageClass));
}
