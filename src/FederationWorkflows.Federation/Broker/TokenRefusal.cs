using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>Tells a refusal of what a call was made with (it has expired, was revoked or is unknown) from one of what was asked for.</summary>
internal static class TokenRefusal
{
    // AWS STS, IAM and Amazon S3 API References, "Common errors" and "Error responses".
    private static readonly string[] OfAws =
        ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidToken", "UnrecognizedClientException", "IDPRejectedClaim"];

    /// <summary>Whether the same call may succeed with another token of the same identity.</summary>
    public static bool IsOfToken(this FederationException refusal) => refusal switch
    {
        { Side: not FailureSide.Cloud } => false,

        // A HEAD has no body, and so no code but its status.
        { Cloud: Cloud.Aws, Api: "s3:HeadObject", HttpStatus: 400 } => true,
        { Cloud: Cloud.Aws } => OfAws.Contains(refusal.Code),
        { Service: GoogleCall.TokenEndpoint or GoogleCall.MetadataServer } => false,
        { Service: GoogleCall.SecurityTokenService, Code: "invalid_grant" } => IsOfProof(refusal.Detail),
        _ => refusal.HttpStatus == 401,
    };

    // Of an ID token in Google's words, of a signed request in those of AWS, which Google repeats.
    private static bool IsOfProof(string text) =>
        GoogleAdvice.Says(text, "stale to sign-in") || GoogleAdvice.Says(text, ">ExpiredToken<") || GoogleAdvice.Says(text, ">InvalidClientTokenId<");
}
