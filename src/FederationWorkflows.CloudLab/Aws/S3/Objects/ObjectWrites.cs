using System.Text;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>PutObject, and what all ways of making an object share.</summary>
internal sealed class ObjectWrites(BucketStore buckets, long maximumObjectSize)
{
    private const int MaximumKey = 1024;

    public async Task PutObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        var (bucket, tags) = Authorize(call);
        var headers = ObjectHeaders.Of(call.Http);
        var write = new ConditionalWrite(call.Key);
        using var underWay = buckets.Begin(bucket, write);
        var received = await call.Payload.ReceiveAsync(buckets.Spool, maximumObjectSize, null, cancellationToken);
        var value = new LabObject(received.Content, received.ETag, LabObject.ToSeconds(call.Http.Now), headers, received.Checksum) { Tags = tags };
        Store(call, bucket, value, write);
        call.Response.Headers.ETag = value.ETag;
        ObjectReads.WriteChecksum(call.Response, value.Checksum);
        call.Response.Headers["x-amz-server-side-encryption"] = "AES256";
    }

    /// <summary>Whether the caller may make the object of the call, with the tags of its header.</summary>
    public (LabBucket Bucket, IReadOnlyList<KeyValuePair<string, string>> Tags) Authorize(S3Call call)
    {
        if (Encoding.UTF8.GetByteCount(call.Key) is var length and > MaximumKey)
        {
            throw S3Errors.KeyTooLong(length, MaximumKey);
        }

        var tags = ObjectTags.OfHeader(call.Http);
        var context = ObjectTags.Context(tags);
        var bucket = call.BucketOfObject(buckets, "s3:PutObject", context);
        if (tags.Count > 0)
        {
            call.BucketOfObject(buckets, "s3:PutObjectTagging", context);
        }

        return (bucket, tags);
    }

    /// <summary>Stores an object and its content, or disposes the content and throws.</summary>
    public void Store(S3Call call, LabBucket bucket, LabObject value, ConditionalWrite write)
    {
        try
        {
            if (!buckets.Put(bucket, call.Key, value, before => Preconditions.CheckWrite(call, before, write)))
            {
                throw S3Errors.NoRoom();
            }
        }
        catch
        {
            value.Content.Dispose();
            throw;
        }
    }

    public Task DeleteObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var match = call.Header("If-Match");
        var bucket = call.BucketOfObject(buckets, "s3:DeleteObject");
        if (match is not (null or "*"))
        {
            // Amazon S3 User Guide, "How to perform conditional deletes": who compares an entity tag must be allowed to read it.
            call.BucketOfObject(buckets, "s3:GetObject");
        }

        buckets.Delete(bucket, call.Key, before => Preconditions.CheckDelete(match, call.Key, before));
        call.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
