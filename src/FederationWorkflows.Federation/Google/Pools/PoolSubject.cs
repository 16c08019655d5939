using System.Text.Json;

namespace FederationWorkflows.Federation.Google;

/// <summary>What a proof of identity says of itself, for the advice of a refusal: the claims that a provider judges, never the proof.</summary>
internal static class PoolSubject
{
    public static string Of(PoolTokenRequest request) =>
        request.SubjectTokenType == SubjectTokenType.Aws4Request ? OfSignedRequest(request.SubjectToken.Reveal()) : OfToken(request.SubjectToken.Reveal());

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

    private static string OfSignedRequest(string token)
    {
        try
        {
            using var document = JsonDocument.Parse(Uri.UnescapeDataString(token), new JsonDocumentOptions { MaxDepth = 8 });
            var url = document.RootElement.GetProperty("url").GetString();
            var headers = document.RootElement.GetProperty("headers").EnumerateArray()
                .ToLookup(header => header.GetProperty("key").GetString()!, header => header.GetProperty("value").GetString(), StringComparer.OrdinalIgnoreCase);
            return $"The signed request is for {Show(url)}, target {Show(headers["x-goog-cloud-target-resource"].FirstOrDefault())}, signed {Show(headers["x-amz-date"].FirstOrDefault())}.";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return "The subject token is no signed request: give the result of Aws.SignCallerIdentity.";
        }
    }

    // A provider's name is long enough to look like a secret, and is none.
    private static string Show(string? claim) =>
        string.IsNullOrEmpty(claim) ? "absent" : PoolProviderName.TryParse(claim) is null ? $"'{CloudText.Message(claim)}'" : $"'{claim}'";
}
