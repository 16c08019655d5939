using System.Text.Json.Nodes;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.S3.Buckets;
using FederationWorkflows.CloudLab.Aws.S3.Multipart;
using FederationWorkflows.CloudLab.Aws.S3.Objects;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.CloudLab.Faults;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>Amazon S3, version 2006-03-01, in path style.</summary>
internal sealed class S3Service
{
    private static readonly S3SignatureErrors SignatureErrors = new();

    private static readonly string[] ListingParameters = ["list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "marker", "encoding-type", "fetch-owner"];

    private static readonly string[] ReadParameters =
    [
        "partNumber", "response-content-type", "response-content-language", "response-expires", "response-cache-control", "response-content-disposition", "response-content-encoding",
    ];

    private readonly SigV4Verifier verifier;
    private readonly AwsFaults faults;
    private readonly S3Operations operations;

    public S3Service(BucketStore buckets, SigV4Verifier verifier, AwsFaults faults, long maximumObjectSize)
    {
        this.faults = faults;
        this.verifier = verifier;
        var uploads = new MultipartUploads();
        var writes = new ObjectWrites(buckets, maximumObjectSize);
        operations = new S3Operations(
        [
            .. OfUploads(new UploadOperations(buckets, uploads, writes, maximumObjectSize), new UploadCompletion(buckets, uploads, writes)),
            .. OfBuckets(new BucketOperations(buckets, uploads), new ObjectListing(buckets), new BatchDelete(buckets)),
            .. OfObjects(new ObjectReads(buckets), writes, new ObjectCopies(buckets, writes), new ObjectTagging(buckets)),
        ]);
    }

    public async Task HandleAsync(AwsCall call, CancellationToken cancellationToken)
    {
        call.EventSource = "s3.amazonaws.com";
        call.Http.Response.Headers["x-amz-request-id"] = call.RequestId;
        try
        {
            var slash = call.RawPath.IndexOf('/', 1);
            var bucket = Uri.UnescapeDataString(slash < 0 ? call.RawPath[1..] : call.RawPath[1..slash]);
            var key = slash < 0 ? string.Empty : Uri.UnescapeDataString(call.RawPath[(slash + 1)..]);
            call.RequestParameters = Facts(bucket, key);
            CheckMechanism(call);
            var operation = operations.Of(call, bucket.Length == 0 ? S3Level.Service : key.Length == 0 ? S3Level.Bucket : S3Level.Object);
            call.EventName = operation.Name;
            await faults.MeetAsync(call, cancellationToken);
            await operation.Handle(Verify(call, bucket, key), cancellationToken);
        }
        catch (AwsException exception)
        {
            await AnswerAsync(call, exception, cancellationToken);
            throw;
        }
    }

    private static IEnumerable<S3Operation> OfBuckets(BucketOperations of, ObjectListing listing, BatchDelete batch) =>
    [
        new("ListBuckets", "GET", S3Level.Service, of.ListBucketsAsync) { Parameters = ["prefix", "bucket-region", "continuation-token", "max-buckets"] },
        new("GetBucketLocation", "GET", S3Level.Bucket, of.GetBucketLocationAsync) { Selector = "location" },
        new("GetBucketTagging", "GET", S3Level.Bucket, of.GetBucketTaggingAsync) { Selector = "tagging" },
        new("PutBucketTagging", "PUT", S3Level.Bucket, of.PutBucketTaggingAsync) { Selector = "tagging" },
        new("DeleteBucketTagging", "DELETE", S3Level.Bucket, of.DeleteBucketTaggingAsync) { Selector = "tagging" },
        new("DeleteObjects", "POST", S3Level.Bucket, batch.DeleteObjectsAsync) { Selector = "delete" },
        new("CreateBucket", "PUT", S3Level.Bucket, of.CreateBucketAsync),
        new("DeleteBucket", "DELETE", S3Level.Bucket, of.DeleteBucketAsync),
        new("HeadBucket", "HEAD", S3Level.Bucket, of.HeadBucketAsync),
        new("ListObjects", "GET", S3Level.Bucket, listing.ListAsync) { Parameters = ListingParameters },
    ];

    private static IEnumerable<S3Operation> OfUploads(UploadOperations of, UploadCompletion completion) =>
    [
        new("ListMultipartUploads", "GET", S3Level.Bucket, of.ListUploadsAsync)
        {
            Selector = "uploads", Parameters = ["prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"],
        },
        new("CreateMultipartUpload", "POST", S3Level.Object, of.CreateAsync) { Selector = "uploads" },
        new("CompleteMultipartUpload", "POST", S3Level.Object, completion.CompleteAsync) { Selector = "uploadId" },
        new("UploadPartCopy", "PUT", S3Level.Object, of.UploadPartCopyAsync) { Selector = "uploadId", SelectingHeader = "x-amz-copy-source", Parameters = ["partNumber"] },
        new("UploadPart", "PUT", S3Level.Object, of.UploadPartAsync) { Selector = "uploadId", Parameters = ["partNumber"] },
        new("ListParts", "GET", S3Level.Object, of.ListPartsAsync) { Selector = "uploadId", Parameters = ["max-parts", "part-number-marker"] },
        new("AbortMultipartUpload", "DELETE", S3Level.Object, of.AbortAsync) { Selector = "uploadId" },
    ];

    private static IEnumerable<S3Operation> OfObjects(ObjectReads reads, ObjectWrites writes, ObjectCopies copies, ObjectTagging tagging) =>
    [
        new("GetObjectTagging", "GET", S3Level.Object, tagging.GetAsync) { Selector = "tagging" },
        new("PutObjectTagging", "PUT", S3Level.Object, tagging.PutAsync) { Selector = "tagging" },
        new("DeleteObjectTagging", "DELETE", S3Level.Object, tagging.DeleteAsync) { Selector = "tagging" },
        new("CopyObject", "PUT", S3Level.Object, copies.CopyObjectAsync) { SelectingHeader = "x-amz-copy-source" },
        new("PutObject", "PUT", S3Level.Object, writes.PutObjectAsync),
        new("GetObject", "GET", S3Level.Object, reads.GetObjectAsync) { Parameters = ReadParameters },
        new("HeadObject", "HEAD", S3Level.Object, reads.GetObjectAsync) { Parameters = ReadParameters },
        new("DeleteObject", "DELETE", S3Level.Object, writes.DeleteObjectAsync),
    ];

    private S3Call Verify(AwsCall call, string bucket, string key)
    {
        var authorization = SigV4Authorization.Read(call, SignatureErrors) ?? throw S3Errors.Anonymous();
        var payloadHash = call.Header("x-amz-content-sha256")
            ?? (authorization.Lifetime is not null
                ? call.QueryValue("X-Amz-Content-Sha256") ?? S3Payload.Unsigned
                : throw S3Errors.InvalidRequest("Missing required header for this request: x-amz-content-sha256"));
        return new S3Call(call, verifier.Verify(call, authorization, payloadHash, SignatureErrors), payloadHash, bucket, key);
    }

    private static void CheckMechanism(AwsCall call)
    {
        var header = call.Header("Authorization");
        if (header is not null && call.QueryValue("X-Amz-Algorithm") is not null)
        {
            throw S3Errors.InvalidArgument(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
                "Authorization",
                "AWS4-HMAC-SHA256");
        }

        // Signature Version 2, which buckets made since 2020 do not take. boto3 still presigns with it for us-east-1 unless told signature_version s3v4.
        if (call.QueryValue("AWSAccessKeyId") is not null || header?.StartsWith("AWS ", StringComparison.Ordinal) == true)
        {
            throw S3Errors.InvalidRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
        }

        if (header?.StartsWith(SigV4Authorization.Algorithm, StringComparison.Ordinal) == false)
        {
            throw S3Errors.InvalidArgument("Unsupported Authorization Type", "Authorization", header.Split(' ')[0]);
        }
    }

    private static JsonObject Facts(string bucket, string key)
    {
        var facts = new JsonObject();
        if (bucket.Length > 0)
        {
            facts["bucketName"] = bucket;
        }

        if (key.Length > 0)
        {
            facts["key"] = key;
        }

        return facts;
    }

    private static async Task AnswerAsync(AwsCall call, AwsException exception, CancellationToken cancellationToken)
    {
        call.Refuse(exception);
        if (HttpMethods.IsHead(call.Method) || exception.Status == StatusCodes.Status304NotModified)
        {
            return;
        }

        await S3Xml.AnswerAsync(
            call,
            new XElement(
                "Error",
                new XElement("Code", exception.Code),
                new XElement("Message", exception.Message),
                exception.Fields.Select(static field => new XElement(field.Name, field.Value)),
                new XElement("Resource", Uri.UnescapeDataString(call.RawPath)),
                new XElement("RequestId", call.RequestId)),
            cancellationToken);
    }
}
