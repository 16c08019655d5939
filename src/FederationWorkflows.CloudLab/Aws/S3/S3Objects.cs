using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>The operations on objects.</summary>
internal sealed class S3Objects(BucketStore buckets, int maximumObjectSize)
{
    private const int MaximumMetadata = 2048;
    private const int MaximumKey = 1024;

    private static readonly string[] StoredHeaders = ["Cache-Control", "Content-Disposition", "Content-Language", "Expires"];

    public async Task PutObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(call.Key) > MaximumKey)
        {
            throw new AwsException("KeyTooLongError", "Your key is too long", StatusCodes.Status400BadRequest);
        }

        var bucket = call.Bucket(buckets, "s3:PutObject", ofObject: true);
        var headers = HeadersOf(call.Http);
        var (content, checksum) = await call.ReadPayloadAsync(maximumObjectSize, cancellationToken);
        var value = new LabObject(content, call.Http.Now, headers with { Checksum = checksum });
        if (!buckets.Put(bucket, call.Key, value, before => CheckPreconditions(call, before)))
        {
            throw S3Errors.NoRoom();
        }

        var response = call.Http.Http.Response;
        response.Headers.ETag = value.ETag;
        if (checksum is { } given)
        {
            response.Headers[given.Key] = given.Value;
        }
    }

    public async Task GetObjectAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:GetObject", ofObject: true);
        var value = buckets.Get(bucket, call.Key);
        if (value is null)
        {
            // Amazon S3 API Reference, GetObject: whether a key exists is told only to those who may list the bucket.
            call.Require("s3:ListBucket", bucket.Arn);
            throw S3Errors.NoSuchKey(call.Key);
        }

        var request = call.Http;
        var response = request.Http.Response;
        response.Headers.ETag = value.ETag;
        response.Headers.LastModified = value.LastModified.UtcDateTime.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        if (request.Header("If-Match") is { } match && !SameETag(match, value))
        {
            throw S3Errors.PreconditionFailed("If-Match");
        }

        if (request.Header("If-None-Match") is { } noneMatch && SameETag(noneMatch, value))
        {
            throw new AwsException("NotModified", "Not Modified", StatusCodes.Status304NotModified);
        }

        var (from, length) = Range(request.Header("Range"), value.Content.Length);
        if (length is not null)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {from}-{from + length - 1}/{value.Content.Length}";
        }
        else if (value.Headers.Checksum is { } checksum && request.Header("x-amz-checksum-mode") == "ENABLED")
        {
            response.Headers[checksum.Key] = checksum.Value;
            response.Headers["x-amz-checksum-type"] = "FULL_OBJECT";
        }

        response.ContentType = value.Headers.ContentType;
        foreach (var (name, text) in value.Headers.Others)
        {
            response.Headers[name] = text;
        }

        var part = value.Content.AsMemory(from, length ?? value.Content.Length);
        response.ContentLength = part.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(part, cancellationToken);
        }
    }

    public void DeleteObject(S3Call call)
    {
        buckets.Delete(call.Bucket(buckets, "s3:DeleteObject", ofObject: true), call.Key);
        call.Http.Http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void CheckPreconditions(S3Call call, LabObject? before)
    {
        switch (call.Http.Header("If-None-Match"))
        {
            case null:
                break;
            case "*" when before is not null:
                throw S3Errors.PreconditionFailed("If-None-Match");
            case "*":
                break;
            default:
                throw S3Errors.NotImplemented("If-None-Match with anything but *");
        }

        if (call.Http.Header("If-Match") is { } match && (before is null || !SameETag(match, before)))
        {
            throw before is null ? S3Errors.NoSuchKey(call.Key) : S3Errors.PreconditionFailed("If-Match");
        }
    }

    private static bool SameETag(string given, LabObject value) => given == "*" || given.Trim('"') == value.ETag.Trim('"');

    private static ObjectHeaders HeadersOf(AwsCall call)
    {
        var metadata = call.Http.Request.Headers
            .Where(static header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))
            .Select(static header => new KeyValuePair<string, string>(header.Key.ToLowerInvariant(), header.Value.ToString()))
            .ToList();
        if (metadata.Sum(static header => header.Key.Length - "x-amz-meta-".Length + header.Value.Length) > MaximumMetadata)
        {
            throw new AwsException("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", StatusCodes.Status400BadRequest);
        }

        var others = StoredHeaders.Where(name => call.Header(name) is not null).Select(name => new KeyValuePair<string, string>(name, call.Header(name)!)).ToList();

        // aws-chunked was the encoding of the way, not of the object.
        var encodings = (call.Header("Content-Encoding") ?? string.Empty)
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(static encoding => encoding != "aws-chunked")
            .ToList();
        if (encodings.Count > 0)
        {
            others.Add(new("Content-Encoding", string.Join(",", encodings)));
        }

        return new ObjectHeaders { ContentType = call.Header("Content-Type") ?? "application/octet-stream", Others = [.. others, .. metadata] };
    }

    // RFC 9110 section 14: one range of bytes; anything else is as if no range were given.
    private static (int From, int? Length) Range(string? header, int size)
    {
        if (header is null || !header.StartsWith("bytes=", StringComparison.Ordinal) || header["bytes=".Length..].Split('-') is not [var first, var last])
        {
            return (0, null);
        }

        var hasFirst = int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from);
        var hasLast = int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to);
        if ((!hasFirst && (first.Length > 0 || !hasLast)) || (!hasLast && last.Length > 0) || (hasFirst && hasLast && to < from))
        {
            return (0, null);
        }

        if (hasFirst ? from >= size : to == 0 || size == 0)
        {
            throw S3Errors.InvalidRange(header, size);
        }

        return hasFirst ? (from, (hasLast ? Math.Min(to, size - 1) : size - 1) - from + 1) : (Math.Max(0, size - to), Math.Min(to, size));
    }
}
