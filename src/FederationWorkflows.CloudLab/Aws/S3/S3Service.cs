using System.Text.Json.Nodes;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Signing;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>Amazon S3, version 2006-03-01, in path style.</summary>
internal sealed class S3Service(BucketStore buckets, SigV4Verifier verifier, int maximumObjectSize)
{
    public static readonly XNamespace Xmlns = "http://s3.amazonaws.com/doc/2006-03-01/";

    private static readonly S3SignatureErrors SignatureErrors = new();

    // Query parameters that are not the choice of another operation.
    private static readonly HashSet<string> PlainParameters = new(StringComparer.Ordinal)
    {
        "list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "location", "x-id",
        "max-buckets", "bucket-region",
    };

    private readonly S3Buckets bucketOperations = new(buckets);
    private readonly S3Objects objectOperations = new(buckets, maximumObjectSize);

    public async Task HandleAsync(AwsCall call, CancellationToken cancellationToken)
    {
        call.EventSource = "s3.amazonaws.com";
        call.Http.Response.Headers["x-amz-request-id"] = call.RequestId;
        try
        {
            var slash = call.RawPath.IndexOf('/', 1);
            var bucket = Uri.UnescapeDataString(slash < 0 ? call.RawPath[1..] : call.RawPath[1..slash]);
            var key = slash < 0 ? string.Empty : Uri.UnescapeDataString(call.RawPath[(slash + 1)..]);
            call.EventName = OperationOf(call, bucket, key);
            call.RequestParameters = Facts(bucket, key);
            await HandleAsync(Verify(call, bucket, key), cancellationToken);
        }
        catch (AwsException exception)
        {
            await AnswerAsync(call, exception, cancellationToken);
            throw;
        }
    }

    public static async Task AnswerAsync(AwsCall call, XElement root, CancellationToken cancellationToken)
    {
        call.Http.Response.ContentType = "application/xml";
        await call.Http.Response.Body.WriteAsync(AwsXml.Write(root), cancellationToken);
    }

    private async Task HandleAsync(S3Call call, CancellationToken cancellationToken)
    {
        switch (call.Http.EventName)
        {
            case "ListBuckets":
                await bucketOperations.ListBucketsAsync(call, cancellationToken);
                break;
            case "CreateBucket":
                await bucketOperations.CreateBucketAsync(call, cancellationToken);
                break;
            case "HeadBucket":
                _ = call.Bucket(buckets, "s3:ListBucket", ofObject: false);
                break;
            case "GetBucketLocation":
                await bucketOperations.GetBucketLocationAsync(call, cancellationToken);
                break;
            case "ListObjects":
                await bucketOperations.ListObjectsAsync(call, cancellationToken);
                break;
            case "PutObject":
                await objectOperations.PutObjectAsync(call, cancellationToken);
                break;
            case "GetObject" or "HeadObject":
                await objectOperations.GetObjectAsync(call, cancellationToken);
                break;
            case "DeleteObject":
                objectOperations.DeleteObject(call);
                break;
            case var name:
                throw new InvalidOperationException($"{name} has no handler.");
        }
    }

    private static string OperationOf(AwsCall call, string bucket, string key)
    {
        if (call.Query.FirstOrDefault(static pair => !PlainParameters.Contains(pair.Key) && !pair.Key.StartsWith("X-Amz-", StringComparison.Ordinal)) is { Key: { } unknown })
        {
            throw S3Errors.NotImplemented($"{call.Method} with the query parameter {unknown}");
        }

        return (call.Method, bucket.Length > 0, key.Length > 0) switch
        {
            ("GET", false, _) => "ListBuckets",
            ("PUT", true, false) => "CreateBucket",
            ("HEAD", true, false) => "HeadBucket",
            ("GET", true, false) when call.QueryValue("location") is not null => "GetBucketLocation",
            ("GET", true, false) when call.QueryValue("list-type") == "2" => "ListObjects",
            ("GET", true, false) => throw S3Errors.NotImplemented("ListObjects without list-type=2"),
            ("PUT", true, true) when call.Header("x-amz-copy-source") is not null => throw S3Errors.NotImplemented("CopyObject"),
            ("PUT", true, true) => "PutObject",
            ("GET", true, true) => "GetObject",
            ("HEAD", true, true) => "HeadObject",
            ("DELETE", true, true) => "DeleteObject",
            _ => throw S3Errors.MethodNotAllowed(call.Method),
        };
    }

    private S3Call Verify(AwsCall call, string bucket, string key)
    {
        var authorization = SigV4Authorization.Read(call, SignatureErrors) ?? throw S3Errors.Anonymous();
        var payloadHash = call.Header("x-amz-content-sha256")
            ?? (authorization.Lifetime is not null ? S3Payload.Unsigned : throw S3Errors.InvalidRequest("Missing required header for this request: x-amz-content-sha256"));
        return new S3Call(call, verifier.Verify(call, authorization, payloadHash, SignatureErrors), payloadHash, bucket, key);
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
        var response = call.Http.Response;
        response.StatusCode = exception.Status;
        if (HttpMethods.IsHead(call.Method) || exception.Status == StatusCodes.Status304NotModified)
        {
            return;
        }

        await AnswerAsync(
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
