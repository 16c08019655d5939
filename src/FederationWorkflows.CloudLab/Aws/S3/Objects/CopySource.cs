using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>What <c>x-amz-copy-source</c> names: <c>[/]bucket/key[?versionId=id]</c>, percent-encoded.</summary>
internal sealed record CopySource(string Bucket, string Key)
{
    private const string Header = "x-amz-copy-source";

    public static CopySource Read(AwsCall call)
    {
        var header = call.Header(Header) ?? string.Empty;
        var question = header.IndexOf("?versionId=", StringComparison.Ordinal);
        var path = Uri.UnescapeDataString(question < 0 ? header : header[..question]).TrimStart('/');
        if (path.Split('/', 2) is not [{ Length: > 0 } bucket, { Length: > 0 } key])
        {
            throw S3Errors.InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", Header, header);
        }

        // The lab's buckets have no versions: every object is its version "null".
        var version = question < 0 ? "null" : header[(question + "?versionId=".Length)..];
        return version == "null" ? new CopySource(bucket, key) : throw S3Errors.NoSuchVersion(key, version);
    }

    /// <summary>The object to copy, when the caller may read it and its conditions hold; its content is the caller's to dispose.</summary>
    public LabObject Open(S3Call call, BucketStore buckets)
    {
        var bucket = call.BucketOfObject(buckets, Bucket, Key, "s3:GetObject");
        var source = buckets.Open(bucket, Key);
        if (source is null)
        {
            call.Require("s3:ListBucket", bucket.Arn);
            throw S3Errors.NoSuchKey(Key);
        }

        try
        {
            Preconditions.CheckSource(call.Http, source);
            return source;
        }
        catch
        {
            source.Content.Dispose();
            throw;
        }
    }
}
