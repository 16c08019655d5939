using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Google;

/// <summary>What a proof of identity says of itself, for the advice of a refusal: the claims that a provider judges, never the proof.</summary>
internal static class PoolSubject
{
    public static string Of(PoolTokenRequest request) =>
        request.SubjectTokenType == SubjectTokenType.Aws4Request ? OfSignedRequest(request.SubjectToken) : OfToken(request.SubjectToken.Reveal());

    private static string OfToken(string token)
    {
        IdTokenClaims claims;
        try
        {
            claims = IdTokenDecoder.DecodeUnverified(token);
        }
        catch (FederationException exception)
        {
            return $"The token itself cannot be read: {exception.Detail}.";
        }

        var expires = claims.ExpiresAt is { } at ? $", exp {at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "";
        return $"The token has iss {Show(claims.Issuer)}, aud {Show(string.Join(", ", claims.Audience))}, sub {Show(claims.Subject)}{expires}.";
    }

    private static string OfSignedRequest(Sensitive<string> token) => SignedCallerIdentity.TryParse(token) is { } signed
        ? $"The signed request is for {Show(signed.Url)}, target {Show(signed.Target)}, signed {(signed.SignedAt is { } at ? $"'{at:yyyyMMdd'T'HHmmss'Z'}'" : "absent")}."
        : "The subject token is no signed request: give the result of Aws.SignCallerIdentity.";

    // A provider's name is long enough to look like a secret, and is none.
    private static string Show(string? claim) =>
        string.IsNullOrEmpty(claim) ? "absent" : PoolProviderName.TryParse(claim) is null ? $"'{CloudText.Message(claim)}'" : $"'{claim}'";
}
