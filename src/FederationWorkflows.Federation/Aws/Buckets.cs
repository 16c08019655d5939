using Amazon.S3.Model;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Amazon S3's buckets by the AWS SDK.</summary>
internal sealed class Buckets(AwsClients clients, IOptionsMonitor<FederationOptions> options, TimeProvider time) : IBuckets
{
    private const int MaxLimit = 10_000;
    private const int PageSize = 1000;

    public async Task<BucketList> ListAsync(AwsCredentials credentials, string? region = null, int limit = MaxLimit, CancellationToken cancellationToken = default)
    {
        var call = new OutboundCall(Cloud.Aws, "Amazon S3", "s3:ListBuckets") { Principal = credentials.AssumedRoleArn };
        if (limit is < 1 or > MaxLimit)
        {
            throw call.Input($"the limit is {limit}", $"Give 1 to {MaxLimit}.");
        }

        AwsInputs.RequireCredentials(call, credentials);
        var where = AwsInputs.RequireRegion(call, region, AwsInputs.PartitionOf(credentials), options.CurrentValue.AwsRegion);

        using var client = clients.S3(credentials, where);
        return await call.RunAsync(
            async limited =>
            {
                var buckets = new List<Bucket>();
                string? next = null;
                do
                {
                    // A page size makes S3 give pages, and with them each bucket's region.
                    var request = new ListBucketsRequest { MaxBuckets = Math.Min(PageSize, limit - buckets.Count), ContinuationToken = next };
                    var page = await client.ListBucketsAsync(request, limited);
                    if (page.Owner is null && page.Buckets is null)
                    {
                        // The SDK takes any XML for an empty list, a sign-in page too.
                        throw call.Unreadable("its answer is not a list of buckets");
                    }

                    var found = page.Buckets ?? [];
                    buckets.AddRange(found.Take(limit - buckets.Count).Select(Read));
                    if (found.Count == 0 && !string.IsNullOrEmpty(page.ContinuationToken))
                    {
                        throw call.Unreadable("it gives empty pages without end");
                    }

                    next = page.ContinuationToken;
                }
                while (!string.IsNullOrEmpty(next) && buckets.Count < limit);
                return new BucketList(buckets, !string.IsNullOrEmpty(next));
            },
            (code, message) => AwsAdvice.Signed(code, "s3:ListAllMyBuckets", message),
            credentials.Secrets,
            options.CurrentValue.Timeout,
            time,
            cancellationToken);
    }

    private static Bucket Read(S3Bucket bucket) => new(
        bucket.BucketName,
        bucket.CreationDate is { } created ? new DateTimeOffset(created.ToUniversalTime()) : null,
        string.IsNullOrEmpty(bucket.BucketRegion) ? null : bucket.BucketRegion);
}
