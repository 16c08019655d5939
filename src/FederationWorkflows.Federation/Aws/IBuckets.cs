namespace FederationWorkflows.Federation.Aws;

/// <summary>Amazon S3's buckets.</summary>
public interface IBuckets
{
    /// <summary>The buckets of the account, in S3's order (by name). Needs <c>s3:ListAllMyBuckets</c>.</summary>
    /// <param name="credentials">Whose buckets.</param>
    /// <param name="region">The region to ask in; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>).</param>
    /// <param name="limit">1 to 10000: when there are more, the list is cut there and says so.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="FederationException">An input is wrong, no answer came, or S3 refused.</exception>
    Task<BucketList> ListAsync(AwsCredentials credentials, string? region = null, int limit = 10_000, CancellationToken cancellationToken = default);
}

/// <summary>Buckets, and whether there are more.</summary>
/// <param name="Buckets">The buckets.</param>
/// <param name="IsTruncated">Whether the account has more buckets than were asked for.</param>
public sealed record BucketList(IReadOnlyList<Bucket> Buckets, bool IsTruncated);

/// <summary>A bucket.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When it was made, or its policy last changed; null when S3 does not say.</param>
/// <param name="Region">Where it is; null when S3 does not say.</param>
public sealed record Bucket(string Name, DateTimeOffset? CreatedAt, string? Region);
