using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Aws;

/// <summary>What to check when AWS refuses, by its code and message.</summary>
/// <param name="Text">What to check, in sentences.</param>
/// <param name="Explanation">Which condition of a trust refused, where that is known.</param>
internal sealed record AwsAdvice(string Text, TrustExplanation? Explanation = null)
{
    public static implicit operator AwsAdvice(string text) => new(text);

    public static AwsAdvice AssumeRoleWithWebIdentity(
        string code, string message, RoleArn role, Sensitive<string> token, Func<(TrustExplanation? Explanation, string? Problem)> expectedTrust) => code switch
    {
        "AccessDenied" => Denied(role, token, expectedTrust()),
        "InvalidIdentityToken" when Says(message, "No OpenIDConnect provider") =>
            $"Make an IAM identity provider for the token's issuer in account {role.Account}; accounts.google.com needs none, it is built in. {Compare(role, token)}",
        "InvalidIdentityToken" when Says(message, "audience") => $"The audience is not among the client ids of the IAM identity provider: add it. {Compare(role, token)}",
        "InvalidIdentityToken" => $"STS could not verify the token: check that it is an unchanged ID token (not an access token) and that its issuer publishes its keys. {Compare(role, token)}",
        "ExpiredTokenException" or "ExpiredToken" => $"The ID token is expired: mint a new one just before this call. {Compare(role, token)}",
        "IDPRejectedClaim" => $"The identity provider rejected the claims: the token is expired, revoked or for another audience. {Compare(role, token)}",
        "IDPCommunicationError" => "STS could not reach the token's issuer for its keys: try again; check that the issuer's discovery document is public.",
        "MalformedPolicyDocument" => "Correct the session policy: it must be an IAM policy document (Version 2012-10-17, Statement) without Principal.",
        "PackedPolicyTooLarge" or "PackedPolicyTooLargeException" => "Shorten the session policy and the session's tags.",
        "RegionDisabledException" or "RegionDisabled" => $"STS is not activated in this region for account {role.Account}: activate it in the account settings of IAM, or use another region.",
        "ValidationError" when Says(message, "DurationSeconds") =>
            "Raise the role's maximum session duration (aws iam update-role --max-session-duration) or ask for less.",
        "ValidationError" => "Check role ARN, session name, duration and session policy.",
        _ => Signed(code, ""),
    };

    public static string Signed(string code, string permission) => code switch
    {
        "AccessDenied" or "AccessDeniedException" when permission.Length > 0 =>
            $"Allow {permission} in a policy of the assumed role, and check session policy, permissions boundary and service control policies, which can take it away.",
        "ExpiredToken" or "ExpiredTokenException" => "The credentials have expired: assume the role again.",
        "InvalidClientTokenId" or "InvalidAccessKeyId" or "InvalidToken" or "UnrecognizedClientException" =>
            "AWS does not know these credentials: they are mixed up, or of another partition.",
        "SignatureDoesNotMatch" => "The secret access key does not belong to the access key id, or something between changed the request.",
        "RequestTimeTooSkewed" or "RequestExpired" => "The clock of this host is wrong: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).",
        "Throttling" or "ThrottlingException" or "SlowDown" or "RequestLimitExceeded" => "Too many calls: try again later.",
        "ServiceUnavailable" or "InternalFailure" or "InternalError" or "InternalServerError" or "BadGateway" or "GatewayTimeout" =>
            "A fault on AWS's side that usually passes: try again.",
        _ => "",
    };

    // By the same evaluator as the explanation: what each condition key of the provider reads in this token.
    private static string Compare(RoleArn role, Sensitive<string> token) =>
        OidcToken.TryParse(token, out var parsed, out var failure)
            ? WebIdentityTrust.DescribeKeys(parsed.UnverifiedClaims, role)
            : $"The token itself cannot be read: {failure.Message}";

    private static AwsAdvice Denied(RoleArn role, Sensitive<string> token, (TrustExplanation? Explanation, string? Problem) expected) => expected switch
    {
        ({ Verdict: TrustVerdict.Fails } explanation, _) => new AwsAdvice(explanation.Describe(), explanation),
        ({ } explanation, _) => new AwsAdvice(
            $"The trust policy declared for {role} would let this token in ({explanation.Summary.TrimEnd('.')}), so the role in AWS has another one or does not exist: compare with aws iam get-role. {Compare(role, token)}",
            explanation),
        (_, { } problem) => $"{Refusal(role)} {problem} {Compare(role, token)}",
        _ => $"{Refusal(role)} {Compare(role, token)}",
    };

    private static string Refusal(RoleArn role) => $"The role {role} does not exist, or its trust policy does not allow this token to sts:AssumeRoleWithWebIdentity.";

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
