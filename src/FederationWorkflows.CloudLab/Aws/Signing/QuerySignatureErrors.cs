using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Signing;

/// <summary>The wording of STS and IAM.</summary>
internal sealed class QuerySignatureErrors(string service) : SignatureErrors
{
    public override string Service => service;

    // STS takes a presigned GetCallerIdentity for fifteen minutes, whatever its X-Amz-Expires says: tokens for EKS rely on it.
    public override bool HonoursExpires => false;

    public static AwsException MissingAuthentication() =>
        new("MissingAuthenticationToken", "Request is missing Authentication Token", StatusCodes.Status403Forbidden);

    public override AwsException Malformed(string detail) => new("IncompleteSignature", detail, StatusCodes.Status400BadRequest);

    public override AwsException MalformedQuery(string detail) => Malformed(detail);

    public override AwsException UnknownKey(string accessKeyId) => InvalidToken();

    public override AwsException InvalidToken() =>
        new("InvalidClientTokenId", "The security token included in the request is invalid.", StatusCodes.Status403Forbidden);

    public override AwsException ExpiredToken() =>
        new("ExpiredToken", "The security token included in the request is expired", StatusCodes.Status403Forbidden);

    public override AwsException Skewed(DateTimeOffset requestTime, DateTimeOffset now) => Refused(requestTime < now
        ? $"Signature expired: {Format(requestTime)} is now earlier than {Format(now - MaximumSkew)} ({Format(now)} - 15 min.)"
        : $"Signature not yet current: {Format(requestTime)} is still later than {Format(now + MaximumSkew)} ({Format(now)} + 15 min.)");

    public override AwsException PresignedExpired(DateTimeOffset requestTime, TimeSpan lifetime, DateTimeOffset now) => Skewed(requestTime, now);

    public override AwsException WrongService(string service) => Refused($"Credential should be scoped to correct service: '{Service}'. ");

    public override AwsException WrongRegion(string region) =>
        Refused(Service == "iam" ? $"Credential should be scoped to a valid region, not '{region}'. " : "Credential should be scoped to a valid region. ");

    public override AwsException NotSigned(IReadOnlyList<string> headers) => Refused(headers.Contains("host")
        ? "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        : $"'{string.Join("', '", headers)}' must be a 'SignedHeader' in the AWS Authorization.");

    public override AwsException Mismatch(string accessKeyId, string stringToSign, string canonicalRequest, string signature) => Refused(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");

    private static AwsException Refused(string message) => new("SignatureDoesNotMatch", message, StatusCodes.Status403Forbidden);
}
