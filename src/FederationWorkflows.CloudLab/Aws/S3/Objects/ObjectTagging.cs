using FederationWorkflows.CloudLab.Aws.S3.Storage;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>GetObjectTagging, PutObjectTagging and DeleteObjectTagging.</summary>
internal sealed class ObjectTagging(BucketStore buckets)
{
    private const int MaximumDocument = 64 * 1024;

    public async Task GetAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.BucketOfObject(buckets, "s3:GetObjectTagging");
        var value = buckets.Get(bucket, call.Key) ?? throw S3Errors.NoSuchKey(call.Key);
        await S3Xml.AnswerAsync(call.Http, ObjectTags.ToDocument(value.Tags), cancellationToken);
    }

    public async Task PutAsync(S3Call call, CancellationToken cancellationToken)
    {
        var tags = ObjectTags.OfDocument(await call.Payload.ReadDocumentAsync(MaximumDocument, requiresDigest: true, cancellationToken), isBucket: false);
        Change(call, call.BucketOfObject(buckets, "s3:PutObjectTagging", ObjectTags.Context(tags)), tags);
    }

    public Task DeleteAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Change(call, call.BucketOfObject(buckets, "s3:DeleteObjectTagging"), []);
        call.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private void Change(S3Call call, LabBucket bucket, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (!buckets.Change(bucket, call.Key, value => value with { Tags = tags }))
        {
            throw S3Errors.NoSuchKey(call.Key);
        }
    }
}
