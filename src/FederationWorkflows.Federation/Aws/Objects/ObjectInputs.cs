using System.Text;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>Checks what names objects before anything is sent (Amazon S3 User Guide, "General purpose bucket naming rules", "Naming Amazon S3 objects").</summary>
internal static partial class ObjectInputs
{
    private const int MaxKeyBytes = 1024;
    private const int MaxMetadataBytes = 1800;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A bucket's name becomes part of a host name: nothing but its form is let through.</summary>
    public static void RequireBucket(OutboundCall call, string bucket, string input = "the bucket")
    {
        if (!Bucket().IsMatch(bucket) || bucket.Contains("..", StringComparison.Ordinal))
        {
            throw call.Input($"{input} is no bucket's name", "Give 3 to 63 lower-case letters, digits, dots and hyphens, without s3:// or a path.");
        }
    }

    public static void RequireKey(OutboundCall call, string key, string input = "the key")
    {
        var length = ByteCount(key);
        if (length is null or 0 or > MaxKeyBytes)
        {
            throw call.Input($"{input} has {(length is { } bytes ? $"{bytes}" : "no")} bytes of UTF-8", $"Give 1 to {MaxKeyBytes}.");
        }

        if (key.Split('/').Any(segment => segment is "." or "..") || key.Any(char.IsControl))
        {
            throw call.Input($"{input} has a segment . or .., or a control character", "Give a key that no program on the way can take for another.");
        }
    }

    public static void RequireETag(OutboundCall call, string? etag)
    {
        if (etag is null || !ETag().IsMatch(etag))
        {
            throw call.Input("the ETag is none", "Give the ETag of the object that may be changed, as an activity that read or wrote it gave it.");
        }
    }

    public static void RequireVersion(OutboundCall call, string? versionId)
    {
        if (versionId is not null && !Version().IsMatch(versionId))
        {
            throw call.Input("the version id is none", "Give the version id as S3 gave it, or none for the current version.");
        }
    }

    public static void RequireMetadata(OutboundCall call, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            if (!MetadataName().IsMatch(name) || name.Equals(OwnWrite.Name, StringComparison.OrdinalIgnoreCase))
            {
                throw call.Input($"'{CloudText.Message(name)}' is no name of metadata", $"Give letters, digits, -, _ and ., without x-amz-meta-, and not {OwnWrite.Name}.");
            }

            if (!HeaderText().IsMatch(value))
            {
                throw call.Input($"the metadata {name} has characters that a header cannot carry", "Give visible ASCII and spaces; encode what is more.");
            }
        }

        if (metadata.Sum(item => item.Key.Length + item.Value.Length) is > MaxMetadataBytes and var size)
        {
            throw call.Input($"the metadata has {size} bytes", $"S3 takes 2048, of which {MaxMetadataBytes} are the story's.");
        }
    }

    public static void RequireContentType(OutboundCall call, string? contentType)
    {
        if (contentType is not null && !MediaType().IsMatch(contentType))
        {
            throw call.Input("the content type is none", "Write it as text/plain or application/json; charset=utf-8.");
        }
    }

    /// <summary>Everything about a target but bucket and key.</summary>
    public static void RequireTarget(OutboundCall call, ObjectTarget target)
    {
        if (target.Address.VersionId is not null)
        {
            throw call.Input("a version to write is given", "Leave it out: S3 gives what is written a version of its own.");
        }

        if (target.Condition == WriteCondition.IfMatch)
        {
            RequireETag(call, target.ETag);
        }
        else if (target.ETag is not null)
        {
            throw call.Input($"an ETag is given with the condition {target.Condition}", $"Leave it out, or choose {nameof(WriteCondition.IfMatch)}.");
        }

        RequireContentType(call, target.ContentType);
        RequireMetadata(call, target.Metadata);
        if (target.IdempotencyKey is { } key && (key.Length > 200 || !HeaderText().IsMatch(key)))
        {
            throw call.Input("the idempotency key is no text of at most 200 visible ASCII characters", "Give a shorter one, or none.");
        }
    }

    /// <summary>Whether a text is one that can be sent; a lone surrogate is not.</summary>
    public static void RequireText(OutboundCall call, string? text, string input)
    {
        if (text is not null && ByteCount(text) is null or > MaxKeyBytes)
        {
            throw call.Input($"{input} is no text of at most {MaxKeyBytes} bytes of UTF-8", "Shorten it, or leave it out.");
        }
    }

    private static int? ByteCount(string text)
    {
        try
        {
            return Strict.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Bucket();

    [GeneratedRegex(@"\A""?[\x21\x23-\x7E]{1,128}""?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ETag();

    [GeneratedRegex(@"\A[A-Za-z0-9._+/=-]{1,1024}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Version();

    [GeneratedRegex(@"\A[A-Za-z0-9_.-]{1,128}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MetadataName();

    [GeneratedRegex(@"\A[\x20-\x7E]{0,1800}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HeaderText();

    [GeneratedRegex(@"\A[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(\s*;[\x20-\x7E]{1,200})?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MediaType();
}
