using System.Globalization;
using FederationWorkflows.CloudLab.Aws.S3.Payload;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>GetObject and HeadObject.</summary>
internal sealed class ObjectReads(BucketStore buckets)
{
    // Amazon S3 API Reference, GetObject: what a presigned URL may change of the answer.
    private static readonly string[] Overrides = ["Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition", "Content-Encoding"];

    public async Task GetObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.BucketOfObject(buckets, "s3:GetObject");
        var value = buckets.Open(bucket, call.Key);
        if (value is null)
        {
            // Amazon S3 API Reference, GetObject: whether a key exists is told only to those who may list the bucket.
            call.Require("s3:ListBucket", bucket.Arn);
            throw S3Errors.NoSuchKey(call.Key);
        }

        using var content = value.Content;
        var request = call.Http;
        var response = call.Response;
        response.Headers.ETag = value.ETag;
        response.Headers.LastModified = value.HttpDate;
        Preconditions.CheckRead(request, value);

        var range = Part(call, value) ?? ByteRange.Read(request.Header("Range"), content.Length);
        if (range is not null)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.From}-{range.From + range.Length - 1}/{content.Length}";
        }
        else if (request.Header("x-amz-checksum-mode") == "ENABLED")
        {
            WriteChecksum(response, value.Checksum);
        }

        Describe(call, value);
        response.ContentLength = range?.Length ?? content.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await content.ReadAsync(range?.From ?? 0, range?.Length ?? content.Length, (bytes, token) => response.Body.WriteAsync(bytes, token), cancellationToken);
        }
    }

    public static void WriteChecksum(HttpResponse response, ObjectChecksum checksum)
    {
        response.Headers[checksum.Algorithm.Header()] = checksum.Value;
        response.Headers["x-amz-checksum-type"] = checksum.Type;
    }

    private static void Describe(S3Call call, LabObject value)
    {
        var response = call.Response;
        response.Headers.AcceptRanges = "bytes";
        response.Headers["x-amz-server-side-encryption"] = "AES256";
        response.ContentType = value.Headers.ContentType;
        foreach (var (name, text) in value.Headers.Others)
        {
            response.Headers[name] = text;
        }

        if (value.Headers.StorageClass != "STANDARD")
        {
            response.Headers["x-amz-storage-class"] = value.Headers.StorageClass;
        }

        if (value.Tags.Count > 0)
        {
            response.Headers["x-amz-tagging-count"] = value.Tags.Count.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var name in Overrides)
        {
            if (call.Query($"response-{name.ToLowerInvariant()}") is { } text)
            {
                response.Headers[name] = text;
            }
        }
    }

    // partNumber: the bytes of one of the parts that the object was uploaded in. An object that came as a whole has one part.
    private static ByteRange? Part(S3Call call, LabObject value)
    {
        if (call.Query("partNumber") is not { } text)
        {
            return null;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 10_000)
        {
            throw S3Errors.InvalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
        }

        var parts = value.PartLengths.Count == 0 ? [value.Content.Length] : value.PartLengths;
        if (number > parts.Count)
        {
            throw S3Errors.InvalidPartNumber(number, parts.Count);
        }

        if (value.PartLengths.Count > 0)
        {
            call.Response.Headers["x-amz-mp-parts-count"] = parts.Count.ToString(CultureInfo.InvariantCulture);
        }

        return parts[number - 1] == 0 ? null : new ByteRange(parts.Take(number - 1).Sum(), parts[number - 1]);
    }
}
