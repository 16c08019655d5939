namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>
/// Writes objects of Amazon S3. S3 knows no idempotency token: a write carries its key in the object's metadata and is conditional, so that its
/// repetition finds its own object and changes nothing. Every call fails with a <see cref="FederationException"/> when an input is wrong, no answer comes
/// or S3 refuses; with the code <c>PreconditionFailed</c> when the object is not as <see cref="ObjectTarget.Condition"/> asks and was not written by the same write.
/// </summary>
public interface IObjectWrites
{
    /// <summary>Writes content that is in memory, of at most <see cref="ObjectOptions.MaxContentBytes"/>. Needs <c>s3:PutObject</c>; to recognise a repetition <c>s3:GetObject</c>.</summary>
    Task<WrittenObject> PutAsync(ObjectTarget target, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes a file of the configured folder, as it is read: in parts, when it is large. Needs <c>s3:PutObject</c>, to clear away what failed
    /// <c>s3:AbortMultipartUpload</c>, to recognise a repetition <c>s3:GetObject</c>.
    /// </summary>
    /// <param name="target">Where to.</param>
    /// <param name="file">The path below the folder, with slashes.</param>
    /// <param name="progress">Is told how much has gone.</param>
    /// <param name="cancellationToken">Ends the transfer; the parts that were sent are taken back.</param>
    Task<WrittenObject> UploadAsync(ObjectTarget target, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Copies an object inside S3, in parts when it is large; nothing of it passes this host. The target's credentials must be allowed to read the source
    /// (<c>s3:GetObject</c>), too.
    /// </summary>
    /// <param name="target">Where to. Media type and metadata are the source's, unless given.</param>
    /// <param name="source">Where from.</param>
    /// <param name="progress">Is told how much has been copied, where it is done in parts.</param>
    /// <param name="cancellationToken">Ends the copying; the parts that were copied are taken back.</param>
    Task<WrittenObject> CopyAsync(ObjectTarget target, ObjectSource source, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default);
}

/// <summary>When an object is written.</summary>
public enum WriteCondition
{
    /// <summary>Only where there is none: nothing is ever overwritten.</summary>
    IfAbsent,

    /// <summary>Only over the object with the ETag that is given.</summary>
    IfMatch,

    /// <summary>Whatever is there. A repetition writes again only if somebody else has written in between.</summary>
    Always,
}

/// <summary>Where an object is written, and how.</summary>
public sealed record ObjectTarget
{
    internal const string UnknownType = "application/octet-stream";

    /// <summary>The object. It has no version: that is S3's to give.</summary>
    public required ObjectAddress Address { get; init; }

    /// <summary>When it is written.</summary>
    public WriteCondition Condition { get; init; }

    /// <summary>For <see cref="WriteCondition.IfMatch"/>: the ETag.</summary>
    public string? ETag { get; init; }

    /// <summary>The media type; null for <c>application/octet-stream</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary>Metadata, by names without <c>x-amz-meta-</c>: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, values of visible ASCII, together at most 1800 bytes.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>What makes a repetition of this write recognisable, kept as the metadata <c>fedflow-write</c>; null when it cannot be recognised.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>What is copied.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="VersionId">The version; null for the current one.</param>
/// <param name="Region">The bucket's region; null for the target's.</param>
public sealed record ObjectSource(string Bucket, string Key, string? VersionId = null, string? Region = null);

/// <summary>What was written.</summary>
/// <param name="ETag">The object's ETag, with quotes.</param>
/// <param name="VersionId">Its version; null in a bucket without versions.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="IsRepeat">The same write had succeeded before, and nothing was written now.</param>
public sealed record WrittenObject(string ETag, string? VersionId, long Size, bool IsRepeat);
