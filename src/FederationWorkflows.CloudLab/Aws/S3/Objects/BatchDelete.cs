using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>DeleteObjects: up to 1,000 keys in one call, each allowed or refused on its own.</summary>
internal sealed class BatchDelete(BucketStore buckets)
{
    private const int MaximumKeys = 1000;
    private const int MaximumDocument = 2 * 1024 * 1024;

    public async Task DeleteObjectsAsync(S3Call call, CancellationToken cancellationToken)
    {
        var body = S3Xml.Read(await call.Payload.ReadDocumentAsync(MaximumDocument, requiresDigest: true, cancellationToken), "Delete");
        var items = body.All("Object").Select(static item => (Key: item.Value("Key") ?? throw S3Errors.MalformedXml(), ETag: item.Value("ETag"), Version: item.Value("VersionId"))).ToList();
        if (items.Count is 0 or > MaximumKeys || items.Exists(static item => item.Key.Length == 0))
        {
            throw S3Errors.MalformedXml();
        }

        var isQuiet = body.Value("Quiet") == "true";
        var results = new List<XElement>();
        foreach (var (key, etag, version) in items)
        {
            try
            {
                if (version is not (null or "" or "null"))
                {
                    throw S3Errors.NoSuchVersion(key, version);
                }

                var bucket = call.BucketOfObject(buckets, call.BucketName, key, "s3:DeleteObject");
                if (etag is not (null or "*"))
                {
                    call.BucketOfObject(buckets, call.BucketName, key, "s3:GetObject");
                }

                buckets.Delete(bucket, key, before => Preconditions.CheckDelete(etag, key, before));
                if (!isQuiet)
                {
                    results.Add(S3Xml.Of("Deleted", S3Xml.Of("Key", key)));
                }
            }
            catch (AwsException refused) when (refused.Code is "AccessDenied" or "PreconditionFailed" or "NoSuchKey" or "NoSuchVersion")
            {
                results.Add(S3Xml.Of("Error", S3Xml.Of("Key", key), S3Xml.Of("Code", refused.Code), S3Xml.Of("Message", refused.Message)));
            }
        }

        await S3Xml.AnswerAsync(call.Http, S3Xml.Of("DeleteResult", results), cancellationToken);
    }
}
