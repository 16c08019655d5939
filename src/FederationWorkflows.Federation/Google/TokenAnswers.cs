using FederationWorkflows.Engine;
using Google.Apis.Auth.OAuth2.Responses;

namespace FederationWorkflows.Federation.Google;

/// <summary>Makes our tokens of what Google answered.</summary>
internal static class TokenAnswers
{
    public static GoogleAccessToken AccessToken(this GoogleCall call, TokenResponse answer, IReadOnlyList<string> scopes, string? principal)
    {
        if (string.IsNullOrEmpty(answer.AccessToken) || answer.ExpiresInSeconds is not > 0)
        {
            throw call.Unreadable("its answer has no access_token or no expires_in");
        }

        string[] granted = string.IsNullOrWhiteSpace(answer.Scope) ? [.. scopes] : answer.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var issued = new DateTimeOffset(DateTime.SpecifyKind(answer.IssuedUtc, DateTimeKind.Utc));
        return new GoogleAccessToken(Sensitive.Of(answer.AccessToken), issued.AddSeconds(answer.ExpiresInSeconds.Value), granted, principal);
    }

    public static GoogleIdToken IdToken(this GoogleCall call, Sensitive<string> token)
    {
        try
        {
            return new GoogleIdToken(token, IdTokenDecoder.DecodeUnverified(token.Reveal()));
        }
        catch (FederationException exception)
        {
            throw call.Unreadable($"the ID token in its answer cannot be read, {exception.Detail}");
        }
    }
}
