using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Signing;

/// <summary>The wording of S3 (Amazon S3 API Reference, "Error responses").</summary>
internal sealed class S3SignatureErrors : SignatureErrors
{
    public override string Service => "s3";

    public override bool HonoursExpires => true;

    public static AwsException WrongBucketRegion(string region, string expected) => new(
        "AuthorizationHeaderMalformed",
        $"The authorization header is malformed; the region '{region}' is wrong; expecting '{expected}'",
        StatusCodes.Status400BadRequest,
        ("Region", expected));

    public override AwsException Malformed(string detail) =>
        new("AuthorizationHeaderMalformed", $"The authorization header is malformed; {detail}", StatusCodes.Status400BadRequest);

    public override AwsException MalformedQuery(string detail) => new("AuthorizationQueryParametersError", detail, StatusCodes.Status400BadRequest);

    public override AwsException UnknownKey(string accessKeyId) => new(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        StatusCodes.Status403Forbidden,
        ("AWSAccessKeyId", accessKeyId));

    public override AwsException InvalidToken() =>
        new("InvalidToken", "The provided token is malformed or otherwise invalid.", StatusCodes.Status400BadRequest);

    public override AwsException ExpiredToken() =>
        new("ExpiredToken", "The provided token has expired.", StatusCodes.Status400BadRequest);

    public override AwsException Skewed(DateTimeOffset requestTime, DateTimeOffset now) => new(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        StatusCodes.Status403Forbidden,
        ("RequestTime", Format(requestTime)),
        ("ServerTime", Iso(now)),
        ("MaxAllowedSkewMilliseconds", MaximumSkew.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)));

    public override AwsException PresignedExpired(DateTimeOffset requestTime, TimeSpan lifetime, DateTimeOffset now) => new(
        "AccessDenied",
        "Request has expired",
        StatusCodes.Status403Forbidden,
        ("X-Amz-Expires", lifetime.TotalSeconds.ToString(CultureInfo.InvariantCulture)),
        ("Expires", Iso(requestTime + lifetime)),
        ("ServerTime", Iso(now)));

    public override AwsException WrongService(string service) => Malformed($"incorrect service \"{service}\". This endpoint belongs to \"s3\".");

    public override AwsException WrongRegion(string region) => WrongBucketRegion(region, "us-east-1");

    public override AwsException NotSigned(IReadOnlyList<string> headers) => new(
        "AccessDenied",
        "There were headers present in the request which were not signed",
        StatusCodes.Status403Forbidden,
        ("HeadersNotSigned", string.Join(", ", headers)));

    public override AwsException Mismatch(string accessKeyId, string stringToSign, string canonicalRequest, string signature) => new(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        StatusCodes.Status403Forbidden,
        ("AWSAccessKeyId", accessKeyId),
        ("StringToSign", stringToSign),
        ("SignatureProvided", signature),
        ("StringToSignBytes", Bytes(stringToSign)),
        ("CanonicalRequest", canonicalRequest),
        ("CanonicalRequestBytes", Bytes(canonicalRequest)));

    private static string Bytes(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
