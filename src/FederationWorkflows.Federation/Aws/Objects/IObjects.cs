using System.Text.Json.Serialization;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>
/// Reads, lists and deletes objects of Amazon S3. Every call fails with a <see cref="FederationException"/> when an input is wrong, no answer comes or S3
/// refuses.
/// </summary>
public interface IObjects
{
    /// <summary>The objects of a bucket, in the order of their keys. Needs <c>s3:ListBucket</c>.</summary>
    Task<ObjectList> ListAsync(ObjectQuery query, CancellationToken cancellationToken = default);

    /// <summary>An object's facts without its content. Needs <c>s3:GetObject</c>.</summary>
    Task<ObjectFacts> DescribeAsync(ObjectAddress address, CancellationToken cancellationToken = default);

    /// <summary>An object with its content, of at most <see cref="ObjectOptions.MaxContentBytes"/>. Needs <c>s3:GetObject</c>.</summary>
    Task<ObjectContent> ReadAsync(ObjectAddress address, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes an object's content into a file of the configured folder, as it comes. The file is there when all of it is, and takes the place of one that
    /// was there; what breaks off is gone on with where it broke, as long as the object is the same. Needs <c>s3:GetObject</c>.
    /// </summary>
    /// <param name="address">The object.</param>
    /// <param name="file">The path below the folder, with slashes.</param>
    /// <param name="progress">Is told how much has come.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is left of it.</param>
    Task<ObjectFacts> DownloadAsync(ObjectAddress address, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes an object; one that is not there is deleted already. Needs <c>s3:DeleteObject</c>, with a version <c>s3:DeleteObjectVersion</c>.</summary>
    /// <param name="address">The object.</param>
    /// <param name="etag">Deletes it only while it has this ETag; null for whatever it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<DeletedObject> DeleteAsync(ObjectAddress address, string? etag = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a URL with which whoever has it may read or write one object, with the rights of the credentials and as long as they live. Calls nobody.
    /// </summary>
    PresignedUrl Presign(PresignRequest request);
}

/// <summary>Where an object is, and with whose rights it is touched.</summary>
public sealed record ObjectAddress
{
    /// <summary>Whose rights.</summary>
    public required AwsCredentials Credentials { get; init; }

    /// <summary>The bucket's name.</summary>
    public required string Bucket { get; init; }

    /// <summary>The key: 1 to 1024 bytes of UTF-8, without segments <c>.</c> and <c>..</c>.</summary>
    public required string Key { get; init; }

    /// <summary>A version of the object; null for the current one.</summary>
    public string? VersionId { get; init; }

    /// <summary>The bucket's region; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>).</summary>
    public string? Region { get; init; }
}

/// <summary>What <see cref="IObjects.ListAsync"/> is asked for.</summary>
public sealed record ObjectQuery
{
    /// <summary>Whose rights.</summary>
    public required AwsCredentials Credentials { get; init; }

    /// <summary>The bucket's name.</summary>
    public required string Bucket { get; init; }

    /// <summary>What the keys begin with; null for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>Keys that have it after the prefix are not listed, but what they have up to it is, once; null for none.</summary>
    public string? Delimiter { get; init; }

    /// <summary>The key after which the list begins; null for the first.</summary>
    public string? StartAfter { get; init; }

    /// <summary>1 to 10000: when there are more, the list is cut there and says so.</summary>
    public int Limit { get; init; } = 1000;

    /// <summary>The bucket's region; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>).</summary>
    public string? Region { get; init; }
}

/// <summary>Objects, and whether there are more.</summary>
/// <param name="Objects">The objects.</param>
/// <param name="Prefixes">What stands for several keys when a delimiter is given.</param>
/// <param name="IsTruncated">Whether there are more than were asked for.</param>
public sealed record ObjectList(IReadOnlyList<ListedObject> Objects, IReadOnlyList<string> Prefixes, bool IsTruncated);

/// <summary>An object in a list.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="ETag">Its ETag, with quotes.</param>
/// <param name="LastModified">When it was written; null when S3 does not say.</param>
/// <param name="StorageClass">Its storage class; null when S3 does not say.</param>
public sealed record ListedObject(string Key, long Size, string? ETag, DateTimeOffset? LastModified, string? StorageClass);

/// <summary>What S3 says of an object.</summary>
public sealed record ObjectFacts
{
    /// <summary>Its size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Its ETag, with quotes.</summary>
    public required string ETag { get; init; }

    /// <summary>Its media type; null when S3 does not say.</summary>
    public string? ContentType { get; init; }

    /// <summary>When it was written; null when S3 does not say.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Its version; null in a bucket without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>The metadata that whoever wrote it gave it, by names without <c>x-amz-meta-</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>An object with its content.</summary>
/// <param name="Facts">What S3 says of it.</param>
/// <param name="Content">All of it.</param>
public sealed record ObjectContent(ObjectFacts Facts, [property: JsonIgnore] ReadOnlyMemory<byte> Content);

/// <summary>What became of a deletion.</summary>
/// <param name="VersionId">The version that is gone, or the delete marker that hides the object; null in a bucket without versions.</param>
/// <param name="IsDeleteMarker">Whether the object is only hidden: the bucket keeps versions.</param>
public sealed record DeletedObject(string? VersionId, bool IsDeleteMarker);

/// <summary>How far a transfer is.</summary>
/// <param name="Bytes">How many bytes have moved.</param>
/// <param name="Total">How many there are; null when that is not known yet.</param>
public readonly record struct TransferProgress(long Bytes, long? Total);
