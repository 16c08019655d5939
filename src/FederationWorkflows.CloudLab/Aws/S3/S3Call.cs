using System.Globalization;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>One S3 call: what it is about, who makes it, and whether they may.</summary>
internal sealed class S3Call(AwsCall call, SignedCall signed, string payloadHash, string bucketName, string key)
{
    public AwsCall Http => call;

    public HttpResponse Response => call.Http.Response;

    public AwsCaller Caller => signed.Caller;

    public string BucketName => bucketName;

    public string Key => key;

    public string SignedRegion => signed.Authorization.Region;

    public S3Payload Payload { get; } = new(call, signed, payloadHash);

    public string? Header(string name) => call.Header(name);

    public string? Query(string name) => call.QueryValue(name);

    /// <summary>Throws unless the caller's policies allow the action.</summary>
    public void Require(string action, string resource, bool nameResource = true, ConditionContext? more = null)
    {
        if (AwsAuthorizer.Check(call, Caller, action, resource, WithSignature(more ?? ConditionContext.Empty)) is { } denial)
        {
            throw S3Errors.Denied(Caller, action, nameResource ? resource : null, denial);
        }
    }

    /// <summary>The bucket of the call, when it exists, the caller may do the action on it, and the signature names its region.</summary>
    public LabBucket Bucket(BucketStore buckets, string action, ConditionContext? more = null) => Bucket(buckets, bucketName, null, action, more, isAddressed: true);

    /// <summary>The bucket of the call's object, when the caller may do the action on the object.</summary>
    public LabBucket BucketOfObject(BucketStore buckets, string action, ConditionContext? more = null) => Bucket(buckets, bucketName, key, action, more, isAddressed: true);

    /// <summary>The bucket of another object, such as the source of a copy or one of several to delete.</summary>
    public LabBucket BucketOfObject(BucketStore buckets, string bucket, string otherKey, string action) => Bucket(buckets, bucket, otherKey, action, null, bucket == bucketName);

    private LabBucket Bucket(BucketStore buckets, string name, string? objectKey, string action, ConditionContext? more, bool isAddressed)
    {
        var resource = $"arn:aws:s3:::{name}{(objectKey is null ? string.Empty : $"/{objectKey}")}";
        var bucket = buckets.Find(name);
        if (bucket is not null && isAddressed)
        {
            Response.Headers["x-amz-bucket-region"] = bucket.Region;
            if (bucket.Region != SignedRegion)
            {
                throw S3SignatureErrors.WrongBucketRegion(SignedRegion, bucket.Region);
            }
        }

        Require(action, resource, more: WithTags(more ?? ConditionContext.Empty, buckets, bucket, objectKey));
        if (bucket is null)
        {
            throw S3Errors.NoSuchBucket(name);
        }

        // The lab's buckets have no policies of their own, and without one no other account gets in.
        return bucket.AccountId == Caller.AccountId
            ? bucket
            : throw S3Errors.Denied(Caller, action, resource, new AccessDenial($"because no resource-based policy allows the {action} action", $"the bucket is account {bucket.AccountId}'s"));
    }

    // Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
    private ConditionContext WithSignature(ConditionContext context)
    {
        var age = (call.Now - signed.Authorization.Time).TotalMilliseconds;
        return context
            .With("s3:authType", signed.Authorization.Lifetime is null ? "REST-HEADER" : "REST-QUERY-STRING")
            .With("s3:signatureversion", SigV4Authorization.Algorithm)
            .With("s3:signatureAge", Math.Max(0, (long)age).ToString(CultureInfo.InvariantCulture));
    }

    private static ConditionContext WithTags(ConditionContext context, BucketStore buckets, LabBucket? bucket, string? objectKey)
    {
        foreach (var (name, value) in bucket is not null && objectKey is not null ? buckets.Get(bucket, objectKey)?.Tags ?? [] : [])
        {
            context = context.With($"s3:ExistingObjectTag/{name}", value);
        }

        return context;
    }
}
