using Amazon.S3.Model;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Signing;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>Objects by the AWS SDK.</summary>
internal sealed class ObjectReads(S3Calls calls, TransferFolder folder, AwsEndpoints endpoints, IOptionsMonitor<FederationOptions> options, TimeProvider time) : IObjects
{
    private const int MaxLimit = 10_000;
    private const int PageSize = 1000;

    private static readonly TimeSpan LongestPresigned = TimeSpan.FromDays(7);

    public async Task<ObjectList> ListAsync(ObjectQuery query, CancellationToken cancellationToken = default)
    {
        var call = S3Calls.Call("ListObjectsV2", query.Credentials);
        ObjectInputs.RequireBucket(call, query.Bucket);
        ObjectInputs.RequireText(call, query.Prefix, "the prefix");
        ObjectInputs.RequireText(call, query.Delimiter, "the delimiter");
        ObjectInputs.RequireText(call, query.StartAfter, "the key to start after");
        if (query.Limit is < 1 or > MaxLimit)
        {
            throw call.Input($"the limit is {query.Limit}", $"Give 1 to {MaxLimit}.");
        }

        return await calls.RunAsync(
            call,
            query.Credentials,
            query.Region,
            "s3:ListBucket",
            async (client, limited) =>
            {
                var found = new List<ListedObject>();
                var prefixes = new List<string>();
                string? next = null;
                do
                {
                    var page = await client.ListObjectsV2Async(
                        new ListObjectsV2Request
                        {
                            BucketName = query.Bucket,
                            Prefix = query.Prefix,
                            Delimiter = query.Delimiter,
                            StartAfter = query.StartAfter,
                            MaxKeys = Math.Min(PageSize, query.Limit - found.Count - prefixes.Count),
                            ContinuationToken = next,
                        },
                        limited);
                    if (page.Name is null)
                    {
                        // The SDK takes any XML for an empty list, a sign-in page too.
                        throw call.Unreadable("its answer is not a list of objects");
                    }

                    var objects = page.S3Objects ?? [];
                    var common = page.CommonPrefixes ?? [];
                    if (page.NextContinuationToken is not null && objects.Count + common.Count == 0)
                    {
                        throw call.Unreadable("it gives empty pages without end");
                    }

                    found.AddRange(objects.Select(Read));
                    prefixes.AddRange(common);
                    next = page.NextContinuationToken;
                }
                while (next is not null && found.Count + prefixes.Count < query.Limit);
                return new ObjectList(found, prefixes, next is not null);
            },
            cancellationToken);
    }

    public async Task<ObjectFacts> DescribeAsync(ObjectAddress address, CancellationToken cancellationToken = default)
    {
        var call = S3Calls.Call("HeadObject", address);
        var head = await calls.RunAsync(
            call,
            address.Credentials,
            address.Region,
            "s3:GetObject",
            (client, limited) => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = address.Bucket, Key = address.Key, VersionId = address.VersionId }, limited),
            cancellationToken);
        return S3Facts.Of(call, head);
    }

    public async Task<ObjectContent> ReadAsync(ObjectAddress address, CancellationToken cancellationToken = default)
    {
        var call = S3Calls.Call("GetObject", address);
        var most = options.CurrentValue.Objects.MaxContentBytes;
        return await calls.RunAsync(
            call,
            address.Credentials,
            address.Region,
            "s3:GetObject",
            async (client, moved, limited) =>
            {
                using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = address.Bucket, Key = address.Key, VersionId = address.VersionId }, limited);
                var facts = S3Facts.Of(call, answer);
                if (facts.Size > most)
                {
                    throw call.Input(
                        $"the object has {facts.Size} bytes, and at most {most} become a value of a story",
                        $"Download it into a file; {FederationOptions.Section}:{nameof(FederationOptions.Objects)}:{nameof(ObjectOptions.MaxContentBytes)} sets the limit.");
                }

                var content = new byte[facts.Size];
                await answer.ResponseStream.ReadExactlyAsync(content, limited);
                moved();
                return new ObjectContent(facts, content);
            },
            cancellationToken);
    }

    public async Task<ObjectFacts> DownloadAsync(ObjectAddress address, string file, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var call = S3Calls.Call("GetObject", address);
        await using var incoming = folder.Create(call, file);
        var download = new ObjectDownload(call, address, incoming, folder, progress);
        var facts = await calls.PersistAsync(
            () => calls.RunAsync(call, address.Credentials, address.Region, "s3:GetObject", download.GoOnAsync, cancellationToken), () => incoming.Length, cancellationToken);
        incoming.Complete();
        return facts;
    }

    public async Task<DeletedObject> DeleteAsync(ObjectAddress address, string? etag = null, CancellationToken cancellationToken = default)
    {
        var call = S3Calls.Call("DeleteObject", address);
        if (etag is not null)
        {
            ObjectInputs.RequireETag(call, etag);
        }

        try
        {
            var answer = await calls.RunAsync(
                call,
                address.Credentials,
                address.Region,
                address.VersionId is null ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
                (client, limited) => client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = address.Bucket, Key = address.Key, VersionId = address.VersionId, IfMatch = etag }, limited),
                cancellationToken);
            return new DeletedObject(answer.VersionId, bool.TryParse(answer.DeleteMarker, out var marker) && marker);
        }
        catch (FederationException exception) when (etag is not null && exception.Code == ObjectAdvice.NoSuchKey)
        {
            // A condition needs an object: what is gone already is what was asked for.
            return new DeletedObject(null, IsDeleteMarker: false);
        }
    }

    public PresignedUrl Presign(PresignRequest request)
    {
        var address = request.Address;
        var call = S3Calls.Call(request.Operation == PresignedOperation.Get ? "GetObject" : "PutObject", address);
        ObjectInputs.RequireContentType(call, request.ContentType);
        if (request.Lifetime < TimeSpan.FromSeconds(1) || request.Lifetime > LongestPresigned)
        {
            throw call.Input($"the lifetime is {request.Lifetime:c}", "Give 1 second to 7 days.");
        }

        if (request.Operation == PresignedOperation.Get ? request.ContentType is not null : address.VersionId is not null)
        {
            throw call.Input("a content type is given to read, or a version to write", "A content type is for writing, a version for reading.");
        }

        var region = calls.RequireRegion(call, address.Credentials, address.Region);
        var now = time.GetUtcNow();
        var url = endpoints.ObjectUrl(region, address.Bucket, address.Key) + (address.VersionId is { } version ? $"?versionId={Uri.EscapeDataString(version)}" : "");
        KeyValuePair<string, string>[] headers = request.ContentType is { } type ? [new("content-type", type)] : [];
        var presigned = SigV4.Presign(
            request.Operation == PresignedOperation.Get ? HttpMethod.Get : HttpMethod.Put, SigV4.Verbatim(url), headers, address.Credentials, new SigV4Scope(region, SigV4.S3, now), request.Lifetime);
        var end = now + request.Lifetime;
        return new PresignedUrl(Sensitive.Of(presigned), address.Credentials.Expiration is { } expiration && expiration < end ? expiration : end);
    }

    private static ListedObject Read(S3Object item) => new(
        item.Key, item.Size ?? 0, item.ETag, item.LastModified is { } written ? new DateTimeOffset(written.ToUniversalTime()) : null, item.StorageClass?.Value);
}
