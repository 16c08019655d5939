using FederationWorkflows.Engine;
using Google.Apis.Auth.OAuth2.Responses;

namespace FederationWorkflows.Federation.Google;

/// <summary>Makes our tokens of what Google answered.</summary>
internal static class TokenAnswers
{
    // Google's tokens live an hour, with an organization policy twelve; a bound keeps the sum below within what a date can hold.
    private const long MaxLifetime = 366 * 86_400;

    public static GoogleAccessToken AccessToken(this GoogleCall call, TokenResponse answer, IReadOnlyList<string> scopes, string? principal)
    {
        if (string.IsNullOrEmpty(answer.AccessToken) || answer.ExpiresInSeconds is not (> 0 and <= MaxLifetime))
        {
            throw call.Unreadable("its answer has no access_token or no expires_in");
        }

        string[] granted = string.IsNullOrWhiteSpace(answer.Scope) ? [.. scopes] : answer.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var issued = new DateTimeOffset(DateTime.SpecifyKind(answer.IssuedUtc, DateTimeKind.Utc));
        return new GoogleAccessToken(Sensitive.Of(answer.AccessToken), issued.AddSeconds(answer.ExpiresInSeconds.Value), granted, principal);
    }

    public static GoogleIdToken IdToken(this GoogleCall call, string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            throw call.Unreadable("its answer has no ID token");
        }

        try
        {
            return new GoogleIdToken(Sensitive.Of(token), IdTokenDecoder.DecodeUnverified(token));
        }
        catch (FederationException exception)
        {
            throw call.Unreadable($"the ID token in its answer cannot be read, {exception.Detail}");
        }
    }
}
