using System.Text;
using FederationWorkflows.CloudLab.Aws.S3.Multipart;
using FederationWorkflows.CloudLab.Aws.S3.Objects;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3.Buckets;

/// <summary>The operations on buckets themselves.</summary>
internal sealed class BucketOperations(BucketStore buckets, MultipartUploads uploads)
{
    private const int MaximumDocument = 64 * 1024;

    /// <summary>The id of an account as owner of buckets and objects.</summary>
    public static string OwnerId(string accountId) => AwsCall.HashOf(Encoding.UTF8.GetBytes(accountId));

    public async Task ListBucketsAsync(S3Call call, CancellationToken cancellationToken)
    {
        call.Require("s3:ListAllMyBuckets", "arn:aws:s3:::*", nameResource: false);
        var prefix = call.Query("prefix");
        var region = call.Query("bucket-region");
        var after = Paging.Name(call.Query("continuation-token"));
        var maximum = Paging.Maximum(call, "max-buckets", 10_000);
        var found = buckets.OwnedBy(call.Caller.AccountId)
            .Where(bucket => (prefix is null || bucket.Name.StartsWith(prefix, StringComparison.Ordinal))
                && (region is null || bucket.Region == region)
                && (after is null || string.CompareOrdinal(bucket.Name, after) > 0))
            .ToList();
        var page = found.Take(maximum).ToList();
        await S3Xml.AnswerAsync(
            call.Http,
            S3Xml.Of(
                "ListAllMyBucketsResult",
                S3Xml.Of("Owner", S3Xml.Of("ID", OwnerId(call.Caller.AccountId))),
                S3Xml.Of("Buckets", page.Select(static bucket => S3Xml.Of(
                    "Bucket",
                    S3Xml.Of("Name", bucket.Name),
                    S3Xml.Of("CreationDate", S3Xml.Iso(bucket.Created)),
                    S3Xml.Of("BucketRegion", bucket.Region)))),
                S3Xml.Optional("Prefix", prefix),
                page.Count < found.Count && page.Count > 0 ? S3Xml.Of("ContinuationToken", Paging.Token(page[^1].Name)) : null),
            cancellationToken);
    }

    public async Task CreateBucketAsync(S3Call call, CancellationToken cancellationToken)
    {
        if (!AwsWorldRules.IsBucketName(call.BucketName))
        {
            throw S3Errors.InvalidBucketName(call.BucketName);
        }

        call.Require("s3:CreateBucket", $"arn:aws:s3:::{call.BucketName}");
        var region = LocationConstraint(await call.Payload.ReadDocumentAsync(MaximumDocument, requiresDigest: false, cancellationToken)) ?? "us-east-1";
        if (region != call.SignedRegion)
        {
            throw S3Errors.IllegalLocation(region);
        }

        if (!buckets.TryAdd(new LabBucket(call.BucketName, call.Caller.AccountId, region, call.Http.Now), out var existing))
        {
            throw S3Errors.TooManyBuckets();
        }

        if (existing is not null)
        {
            if (existing.AccountId != call.Caller.AccountId)
            {
                throw S3Errors.AlreadyExists(call.BucketName);
            }

            // Amazon S3 API Reference, CreateBucket: in us-east-1 creating one's own bucket again succeeds.
            if (existing.Region != "us-east-1" || region != "us-east-1")
            {
                throw S3Errors.AlreadyOwned(call.BucketName);
            }
        }

        call.Response.Headers.Location = $"/{call.BucketName}";
    }

    public Task DeleteBucketAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var bucket = call.Bucket(buckets, "s3:DeleteBucket");
        if (!buckets.TryRemove(bucket))
        {
            throw S3Errors.BucketNotEmpty(bucket.Name);
        }

        uploads.AbortAll(bucket);
        call.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public Task HeadBucketAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _ = call.Bucket(buckets, "s3:ListBucket");
        return Task.CompletedTask;
    }

    public async Task GetBucketLocationAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:GetBucketLocation");
        await S3Xml.AnswerAsync(call.Http, S3Xml.Of("LocationConstraint", bucket.Region == "us-east-1" ? null : bucket.Region), cancellationToken);
    }

    public async Task GetBucketTaggingAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:GetBucketTagging");
        var tags = buckets.TagsOf(bucket);
        await S3Xml.AnswerAsync(call.Http, tags.Count > 0 ? ObjectTags.ToDocument(tags) : throw S3Errors.NoSuchTagSet(bucket.Name), cancellationToken);
    }

    public async Task PutBucketTaggingAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:PutBucketTagging");
        buckets.Tag(bucket, ObjectTags.OfDocument(await call.Payload.ReadDocumentAsync(MaximumDocument, requiresDigest: true, cancellationToken), isBucket: true));
        call.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public Task DeleteBucketTaggingAsync(S3Call call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        buckets.Tag(call.Bucket(buckets, "s3:PutBucketTagging"), []);
        call.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static string? LocationConstraint(byte[] body) => body.Length == 0 ? null : S3Xml.Read(body, "CreateBucketConfiguration").Value("LocationConstraint") switch
    {
        null or "" => null,
        "EU" => "eu-west-1", // The old name, which SDKs still send.
        var region => region,
    };
}
