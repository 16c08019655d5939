using System.Globalization;
using System.Text.RegularExpressions;
using FederationWorkflows.CloudLab.Aws.S3.Payload;

namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>An object: content, headers and tags, never changed once stored.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ETag">In quotes: the MD5 of the bytes, or of the parts' MD5s with the number of parts.</param>
/// <param name="LastModified">To the second, as HTTP has it.</param>
/// <param name="Headers">What is given back with it.</param>
/// <param name="Checksum">Its checksum.</param>
internal sealed record LabObject(ObjectContent Content, string ETag, DateTimeOffset LastModified, ObjectHeaders Headers, ObjectChecksum Checksum)
{
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>The lengths of the parts it was uploaded in; empty when it came as a whole.</summary>
    public IReadOnlyList<long> PartLengths { get; init; } = [];

    public string HttpDate => LastModified.UtcDateTime.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Whether an entity tag of a condition means this object: with or without quotes, or <c>*</c>.</summary>
    public bool IsTagged(string condition) => condition
        .Split(',', StringSplitOptions.TrimEntries)
        .Any(tag => tag == "*" || tag.Trim('"') == ETag.Trim('"'));

    public static DateTimeOffset ToSeconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
}

/// <summary>The headers stored with an object and given back with it.</summary>
internal sealed partial record ObjectHeaders
{
    private const int MaximumMetadata = 2048;
    private const string MetadataPrefix = "x-amz-meta-";

    private static readonly string[] Stored = ["Cache-Control", "Content-Disposition", "Content-Language", "Expires"];

    private static readonly string[] StorageClasses =
        ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];

    public string ContentType { get; init; } = "binary/octet-stream";

    /// <summary>Content-Encoding, Cache-Control, Content-Disposition, x-amz-meta-*, ...</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others { get; init; } = [];

    public string StorageClass { get; init; } = "STANDARD";

    /// <summary>The headers a request stores with its object; refuses what the lab cannot honour.</summary>
    public static ObjectHeaders Of(AwsCall call)
    {
        var metadata = call.Http.Request.Headers
            .Where(static header => header.Key.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
            .Select(static header => new KeyValuePair<string, string>(header.Key.ToLowerInvariant(), header.Value.ToString()))
            .ToList();
        if (metadata.Sum(static header => header.Key.Length - MetadataPrefix.Length + header.Value.Length) is var size and > MaximumMetadata)
        {
            throw S3Errors.MetadataTooLarge(size, MaximumMetadata);
        }

        var others = Stored.Where(name => call.Header(name) is not null).Select(name => new KeyValuePair<string, string>(name, call.Header(name)!)).ToList();

        // aws-chunked was the encoding of the way, not of the object.
        var encodings = (call.Header("Content-Encoding") ?? string.Empty)
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(static encoding => encoding != "aws-chunked")
            .ToList();
        if (encodings.Count > 0)
        {
            others.Add(new("Content-Encoding", string.Join(",", encodings)));
        }

        var headers = new ObjectHeaders { Others = [.. others, .. metadata], StorageClass = StorageClassOf(call) };
        Refuse(call);
        return call.Header("Content-Type") is { Length: > 0 } type ? headers with { ContentType = type } : headers;
    }

    private static string StorageClassOf(AwsCall call)
    {
        var storageClass = call.Header("x-amz-storage-class") ?? "STANDARD";
        return StorageClasses.Contains(storageClass)
            ? storageClass
            : throw new AwsException("InvalidStorageClass", "The storage class you specified is not valid", 400);
    }

    // What would change how an object is kept or who may read it must not be taken for done.
    private static void Refuse(AwsCall call)
    {
        if (call.Header("x-amz-acl") is { } acl && acl is not ("private" or "bucket-owner-full-control" or "bucket-owner-read"))
        {
            throw new AwsException("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
        }

        if (call.Header("x-amz-server-side-encryption") is { } encryption && encryption != "AES256")
        {
            throw S3Errors.NotImplemented($"x-amz-server-side-encryption: {encryption}");
        }

        if (call.Http.Request.Headers.Keys.FirstOrDefault(static name => Unavailable().IsMatch(name)) is { } header)
        {
            throw S3Errors.NotImplemented(header.ToLowerInvariant());
        }
    }

    [GeneratedRegex("^x-amz-(grant-.*|object-lock-.*|website-redirect-location|(copy-source-)?server-side-encryption-customer-.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex Unavailable();
}
