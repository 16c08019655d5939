using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>S3's refusals (Amazon S3 API Reference, "Error responses").</summary>
internal static class S3Errors
{
    public static AwsException Anonymous() => new("AccessDenied", "Access Denied", StatusCodes.Status403Forbidden);

    public static AwsException Denied(AwsCaller caller, string action, string? resource, AccessDenial denial) => new(
        "AccessDenied",
        $"User: {caller.Arn} is not authorized to perform: {action}{(resource is null ? string.Empty : $" on resource: \"{resource}\"")} {denial.Reason}",
        StatusCodes.Status403Forbidden) { Explanation = denial.Explanation };

    public static AwsException NoSuchBucket(string bucket) =>
        new("NoSuchBucket", "The specified bucket does not exist", StatusCodes.Status404NotFound, ("BucketName", bucket));

    public static AwsException NoSuchKey(string key) =>
        new("NoSuchKey", "The specified key does not exist.", StatusCodes.Status404NotFound, ("Key", key));

    public static AwsException NoSuchTagSet(string bucket) =>
        new("NoSuchTagSet", "The TagSet does not exist", StatusCodes.Status404NotFound, ("BucketName", bucket));

    public static AwsException NoSuchVersion(string key, string version) =>
        new("NoSuchVersion", "The specified version does not exist.", StatusCodes.Status404NotFound, ("Key", key), ("VersionId", version));

    public static AwsException NoSuchUpload(string uploadId) => new(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        StatusCodes.Status404NotFound,
        ("UploadId", uploadId));

    public static AwsException InvalidBucketName(string bucket) =>
        new("InvalidBucketName", "The specified bucket is not valid.", StatusCodes.Status400BadRequest, ("BucketName", bucket));

    public static AwsException AlreadyOwned(string bucket) => new(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        StatusCodes.Status409Conflict,
        ("BucketName", bucket));

    public static AwsException AlreadyExists(string bucket) => new(
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        StatusCodes.Status409Conflict,
        ("BucketName", bucket));

    public static AwsException BucketNotEmpty(string bucket) =>
        new("BucketNotEmpty", "The bucket you tried to delete is not empty", StatusCodes.Status409Conflict, ("BucketName", bucket));

    public static AwsException TooManyBuckets() =>
        new("TooManyBuckets", "You have attempted to create more buckets than allowed", StatusCodes.Status400BadRequest);

    public static AwsException MethodNotAllowed(string method) =>
        new("MethodNotAllowed", "The specified method is not allowed against this resource.", StatusCodes.Status405MethodNotAllowed, ("Method", method));

    public static AwsException NotImplemented(string what) =>
        new("NotImplemented", $"The CloudLab's S3 does not have this: {what}", StatusCodes.Status501NotImplemented);

    public static AwsException InvalidArgument(string message, string name, string value) =>
        new("InvalidArgument", message, StatusCodes.Status400BadRequest, ("ArgumentName", name), ("ArgumentValue", value));

    public static AwsException InvalidRequest(string message) => new("InvalidRequest", message, StatusCodes.Status400BadRequest);

    public static AwsException InvalidTag(string message) => new("InvalidTag", message, StatusCodes.Status400BadRequest);

    public static AwsException TooManyTags(string message) => new("BadRequest", message, StatusCodes.Status400BadRequest);

    public static AwsException MalformedXml() => new(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", StatusCodes.Status400BadRequest);

    public static AwsException IllegalLocation(string region) => new(
        "IllegalLocationConstraintException",
        $"The {region} location constraint is incompatible for the region specific endpoint this request was sent to.",
        StatusCodes.Status400BadRequest);

    public static AwsException KeyTooLong(int length, int limit) => new(
        "KeyTooLongError", "Your key is too long", StatusCodes.Status400BadRequest, ("Size", Text(length)), ("MaxSizeAllowed", Text(limit)));

    public static AwsException MetadataTooLarge(int size, int limit) => new(
        "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size",
        StatusCodes.Status400BadRequest,
        ("Size", Text(size)),
        ("MaxSizeAllowed", Text(limit)));

    public static AwsException EntityTooLarge(long size, long limit) => new(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        StatusCodes.Status400BadRequest,
        ("ProposedSize", Text(size)),
        ("MaxSizeAllowed", Text(limit)));

    public static AwsException EntityTooSmall(long size, long limit, int part, string etag) => new(
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        StatusCodes.Status400BadRequest,
        ("ProposedSize", Text(size)),
        ("MinSizeAllowed", Text(limit)),
        ("PartNumber", Text(part)),
        ("ETag", etag.Trim('"')));

    public static AwsException InvalidPart(string uploadId, int part, string etag) => new(
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        StatusCodes.Status400BadRequest,
        ("UploadId", uploadId),
        ("PartNumber", Text(part)),
        ("ETag", etag.Trim('"')));

    public static AwsException InvalidPartOrder(string uploadId) => new(
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
        StatusCodes.Status400BadRequest,
        ("UploadId", uploadId));

    public static AwsException NoRoom() => new(
        "ServiceUnavailable", "The CloudLab keeps no more than it was given room for and has none left: delete some objects.", StatusCodes.Status503ServiceUnavailable);

    public static AwsException ContentHashMismatch(string claimed, string computed) => new(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        StatusCodes.Status400BadRequest,
        ("ClientComputedContentSHA256", claimed),
        ("S3ComputedContentSHA256", computed));

    public static AwsException IncompleteBody() =>
        new("IncompleteBody", "The request body terminated unexpectedly", StatusCodes.Status400BadRequest);

    public static AwsException MissingContentLength() =>
        new("MissingContentLength", "You must provide the Content-Length HTTP header.", StatusCodes.Status411LengthRequired);

    public static AwsException ChunkSignatureMismatch() => new(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        StatusCodes.Status403Forbidden);

    public static AwsException BadDigest(string what) =>
        new("BadDigest", $"The {what} you specified did not match {(what == "Content-MD5" ? "what we received" : "the calculated checksum")}.", StatusCodes.Status400BadRequest);

    public static AwsException InvalidDigest() => new("InvalidDigest", "The Content-MD5 you specified was invalid.", StatusCodes.Status400BadRequest);

    public static AwsException PreconditionFailed(string condition) => new(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        StatusCodes.Status412PreconditionFailed,
        ("Condition", condition));

    public static AwsException ConditionalRequestConflict(string condition, string key) => new(
        "ConditionalRequestConflict",
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
        StatusCodes.Status409Conflict,
        ("Condition", condition),
        ("Key", key));

    public static AwsException NotModified() => new("NotModified", "Not Modified", StatusCodes.Status304NotModified);

    public static AwsException InvalidRange(string range, long size) => new(
        "InvalidRange",
        "The requested range is not satisfiable",
        StatusCodes.Status416RangeNotSatisfiable,
        ("RangeRequested", range),
        ("ActualObjectSize", Text(size)));

    public static AwsException InvalidPartNumber(int requested, int count) => new(
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
        StatusCodes.Status416RangeNotSatisfiable,
        ("PartNumberRequested", Text(requested)),
        ("ActualPartCount", Text(count)));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
