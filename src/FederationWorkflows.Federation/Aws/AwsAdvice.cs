using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Aws;

/// <summary>What to check when AWS refuses, by its code and message.</summary>
internal static class AwsAdvice
{
    private const string GoogleIssuer = "https://accounts.google.com";

    public static string AssumeRoleWithWebIdentity(string code, string message, RoleArn role, Sensitive<string> token) => code switch
    {
        "AccessDenied" => $"The role {role} does not exist, or its trust policy does not allow this token to sts:AssumeRoleWithWebIdentity. {Compare(token)}",
        "InvalidIdentityToken" when Says(message, "No OpenIDConnect provider") =>
            $"Make an IAM identity provider for the token's issuer in account {role.Account}; accounts.google.com needs none, it is built in. {Compare(token)}",
        "InvalidIdentityToken" when Says(message, "audience") => $"The audience is not among the client ids of the IAM identity provider: add it. {Compare(token)}",
        "InvalidIdentityToken" => $"STS could not verify the token: check that it is an unchanged ID token (not an access token) and that its issuer publishes its keys. {Compare(token)}",
        "ExpiredTokenException" or "ExpiredToken" => $"The ID token is expired: mint a new one just before this call. {Compare(token)}",
        "IDPRejectedClaim" => $"The identity provider rejected the claims: the token is expired, revoked or for another audience. {Compare(token)}",
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

    /// <summary>
    /// What the token says, in the names of the condition keys it is compared with ("Available keys for AWS OIDC federation": for Google, aud reads azp
    /// when the token has one, oaud reads aud).
    /// </summary>
    private static string Compare(Sensitive<string> token)
    {
        IdTokenClaims claims;
        try
        {
            claims = IdTokenDecoder.DecodeUnverified(token.Reveal());
        }
        catch (FederationException exception)
        {
            return $"The token itself cannot be read: {exception.Detail}.";
        }

        var audience = Show(string.Join(", ", claims.Audience));
        var expires = claims.ExpiresAt is { } at ? $", exp {at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "";
        if (claims.Issuer is not (GoogleIssuer or "accounts.google.com"))
        {
            return $"The token has iss {Show(claims.Issuer)}, aud {audience}, azp {Show(claims.AuthorizedParty)}, sub {Show(claims.Subject)}{expires}: "
                + "the trust policy's Principal.Federated must be that issuer's provider and each condition must fit these values.";
        }

        var aud = claims.AuthorizedParty is null ? $"{audience} (the token's aud, as it has no azp)" : $"{Show(claims.AuthorizedParty)} (the token's azp)";
        return $"In its conditions accounts.google.com:aud is {aud}, accounts.google.com:oaud is {audience} (the token's aud), "
            + $"accounts.google.com:sub is {Show(claims.Subject)}{expires}; Principal.Federated must be accounts.google.com.";
    }

    private static string Show(string? claim) => string.IsNullOrEmpty(claim) ? "absent" : $"'{CloudText.Message(claim)}'";

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
