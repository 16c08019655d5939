using Amazon.S3.Model;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>What the SDK read from an answer, as facts of an object.</summary>
internal static class S3Facts
{
    private const string Prefix = "x-amz-meta-";

    public static ObjectFacts Of(OutboundCall call, GetObjectResponse answer) =>
        Of(call, answer.ETag, answer.ContentLength, answer.Headers.ContentType, answer.LastModified, answer.VersionId, answer.Metadata);

    public static ObjectFacts Of(OutboundCall call, GetObjectMetadataResponse answer) =>
        Of(call, answer.ETag, answer.ContentLength, answer.Headers.ContentType, answer.LastModified, answer.VersionId, answer.Metadata);

    private static ObjectFacts Of(OutboundCall call, string? etag, long size, string? contentType, DateTime? lastModified, string? versionId, MetadataCollection metadata) =>
        string.IsNullOrEmpty(etag) || size < 0
            ? throw call.Unreadable("its answer has no ETag or no length")
            : new ObjectFacts
            {
                Size = size,
                ETag = etag,
                ContentType = string.IsNullOrEmpty(contentType) ? null : contentType,
                LastModified = lastModified is { } written ? new DateTimeOffset(written.ToUniversalTime()) : null,
                VersionId = string.IsNullOrEmpty(versionId) ? null : versionId,
                Metadata = metadata.Keys.ToDictionary(
                    static name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? name[Prefix.Length..] : name, name => metadata[name], StringComparer.OrdinalIgnoreCase),
            };
}
