using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>One S3 call: what it is about, who makes it, and whether they may.</summary>
internal sealed class S3Call(AwsCall call, SignedCall signed, string payloadHash, string bucketName, string key)
{
    public AwsCall Http => call;

    public AwsCaller Caller => signed.Caller;

    public string BucketName => bucketName;

    public string Key => key;

    public string SignedRegion => signed.Authorization.Region;

    public Task<(byte[] Content, KeyValuePair<string, string>? Checksum)> ReadPayloadAsync(int limit, CancellationToken cancellationToken) =>
        S3Payload.ReadAsync(call, signed, payloadHash, limit, cancellationToken);

    /// <summary>Throws unless the caller's policies allow the action.</summary>
    public void Require(string action, string resource, bool nameResource = true, ConditionContext? more = null)
    {
        if (AwsAuthorizer.Check(call, Caller, action, resource, more) is { } denial)
        {
            throw S3Errors.Denied(Caller, action, nameResource ? resource : null, denial);
        }
    }

    /// <summary>The bucket of the call, when it exists, the caller may do the action on it or on the object, and the signature names its region.</summary>
    public LabBucket Bucket(BucketStore buckets, string action, bool ofObject, ConditionContext? more = null)
    {
        var resource = $"arn:aws:s3:::{bucketName}{(ofObject ? $"/{key}" : string.Empty)}";
        var bucket = buckets.Find(bucketName);
        if (bucket is not null)
        {
            call.Http.Response.Headers["x-amz-bucket-region"] = bucket.Region;
            if (bucket.Region != SignedRegion)
            {
                throw S3SignatureErrors.WrongBucketRegion(SignedRegion, bucket.Region);
            }
        }

        Require(action, resource, more: more);
        if (bucket is null)
        {
            throw S3Errors.NoSuchBucket(bucketName);
        }

        // The lab's buckets have no policies of their own, and without one no other account gets in.
        return bucket.AccountId == Caller.AccountId
            ? bucket
            : throw S3Errors.Denied(Caller, action, resource, new AccessDenial($"because no resource-based policy allows the {action} action", $"the bucket is account {bucket.AccountId}'s"));
    }
}
