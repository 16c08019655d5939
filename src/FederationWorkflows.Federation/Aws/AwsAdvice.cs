using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Aws;

/// <summary>What to check when AWS refuses, by its code and message.</summary>
/// <param name="Text">What to check, in sentences.</param>
/// <param name="Explanation">Which condition of a trust refused, where that is known.</param>
internal sealed record AwsAdvice(string Text, TrustExplanation? Explanation = null)
{
    private const string WrongClock = ClockDifference.Wrong + ": synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).";

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
        "MalformedPolicyDocument" or "PackedPolicyTooLarge" or "PackedPolicyTooLargeException" or "RegionDisabledException" or "RegionDisabled" => About(code, role),
        "ValidationError" when Says(message, "DurationSeconds") =>
            "Raise the role's maximum session duration (aws iam update-role --max-session-duration) or ask for less.",
        "ValidationError" => "Check role ARN, session name, duration and session policy.",
        _ => Signed(code, "", message),
    };

    public static string AssumeRole(string code, string message, RoleArn role, RoleRequest request) => code switch
    {
        "AccessDenied" when Says(message, "explicit deny") => $"A policy denies it. Look for the Deny that the message names, in the policies of {Caller(request)} and in the trust policy of {role}.",
        "AccessDenied" when Says(message, "no identity-based policy allows") || Says(message, "no session policy allows") || Says(message, "no permissions boundary allows") =>
            $"The side that asks lacks the right: allow sts:AssumeRole on {role} in a policy of {Caller(request)}.",
        "AccessDenied" when Says(message, "no resource-based policy allows") => $"The side that is asked does not trust: {Trust(role, request)}",
        "AccessDenied" =>
            $"Both sides must agree, or the role does not exist. A policy of {Caller(request)} must allow sts:AssumeRole on {role}, and session policy, permissions boundary and service control policies "
            + $"must not take it away. {Trust(role, request)}",
        "ValidationError" when Says(message, "role chaining") || Says(message, "1 hour") => "From a role's session an hour is the most: ask for 3600 seconds or less.",
        "ValidationError" when Says(message, "DurationSeconds") => "Raise the role's maximum session duration (aws iam update-role --max-session-duration) or ask for less.",
        "ValidationError" => "Check role ARN, session name, duration, external id and session policy.",
        "MalformedPolicyDocument" or "PackedPolicyTooLarge" or "PackedPolicyTooLargeException" or "RegionDisabledException" or "RegionDisabled" => About(code, role),
        _ => Signed(code, "", message),
    };

    private static string Caller(RoleRequest request) => CloudText.Message(request.Credentials.AssumedRoleArn) is { Length: > 0 } session ? session : "whoever the credentials are";

    private static string Trust(RoleArn role, RoleRequest request) =>
        $"The trust policy of {role} must allow sts:AssumeRole to the caller's role or account as Principal.AWS, "
        + (request.ExternalId is null
            ? "and have no sts:ExternalId condition, since no external id was given."
            : "and an sts:ExternalId condition must fit the external id that was given.");

    /// <summary>What is the same however a role is assumed.</summary>
    private static string About(string code, RoleArn role) => code switch
    {
        "MalformedPolicyDocument" => "Correct the session policy: it must be an IAM policy document (Version 2012-10-17, Statement) without Principal.",
        "PackedPolicyTooLarge" or "PackedPolicyTooLargeException" => "Shorten the session policy and the session's tags.",
        _ => $"STS is not activated in this region for account {role.Account}: activate it in the account settings of IAM, or use another region.",
    };

    public static string Signed(string code, string permission, string message = "") => code switch
    {
        "AccessDenied" or "AccessDeniedException" or "UnauthorizedOperation" or "AuthorizationError" when permission.Length > 0 =>
            $"Allow {permission} in a policy of the assumed role, and check session policy, permissions boundary and service control policies, which can take it away.",
        "ExpiredToken" or "ExpiredTokenException" => "The credentials have expired: assume the role again.",
        "InvalidClientTokenId" or "InvalidAccessKeyId" or "InvalidToken" or "UnrecognizedClientException" or "AuthFailure" or "MissingAuthenticationToken" =>
            "AWS does not know these credentials: they are mixed up, or of another partition.",
        "SignatureDoesNotMatch" or "InvalidSignatureException" when Says(message, "Signature expired") || Says(message, "Signature not yet current") => WrongClock,
        "SignatureDoesNotMatch" or "InvalidSignatureException" or "IncompleteSignature" => "The secret access key does not belong to the access key id, or something between changed the request.",
        "RequestTimeTooSkewed" or "RequestExpired" or "RequestInTheFuture" => WrongClock,
        "Throttling" or "ThrottlingException" or "SlowDown" or "RequestLimitExceeded" or "TooManyRequestsException" or "ProvisionedThroughputExceededException" => "Too many calls: try again later.",
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
