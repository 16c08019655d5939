using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Multipart;

/// <summary>An upload in parts, from its creation until it is completed or aborted. Its parts are guarded by <see cref="MultipartUploads"/>.</summary>
internal sealed record MultipartUpload
{
    public required string Id { get; init; }

    public required LabBucket Bucket { get; init; }

    public required string Key { get; init; }

    public required AwsCaller Initiator { get; init; }

    public required DateTimeOffset Initiated { get; init; }

    public required ObjectHeaders Headers { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    /// <summary>The checksum chosen at creation; null when none was, so that the object gets S3's own choice.</summary>
    public required ChecksumAlgorithm? Algorithm { get; init; }

    /// <summary>Whether the object's checksum is made of those of its parts.</summary>
    public required bool IsComposite { get; init; }

    internal SortedDictionary<int, UploadedPart> Parts { get; } = [];

    internal bool IsClosed { get; set; }
}

/// <summary>A part.</summary>
internal sealed record UploadedPart(int Number, ObjectContent Content, byte[] Md5, ObjectChecksum Checksum, DateTimeOffset LastModified)
{
    public string ETag => ContentDigest.ETag(Md5);
}
