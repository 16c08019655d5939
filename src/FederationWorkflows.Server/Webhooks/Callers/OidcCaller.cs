using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>Checks callers with an OpenID Connect token, such as push subscriptions of Google Pub/Sub (Google documentation: Authentication for push subscriptions).</summary>
internal sealed class OidcCaller(OidcKeys keys, TimeProvider timeProvider)
{
    private const string Scheme = "Bearer ";

    public async ValueTask<CallerVerdict> VerifyAsync(HttpCaller caller, HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return CallerVerdict.Refuse("it has no bearer token");
        }

        if (!OidcToken.TryParse(Sensitive.Of(header[Scheme.Length..].Trim()), out var token, out var failure))
        {
            return CallerVerdict.Refuse($"its token is not one: {failure.Message}");
        }

        // Before anybody's keys are fetched: a token does not choose where this server calls.
        if (token.UnverifiedClaims.Issuer != caller.Issuer)
        {
            return CallerVerdict.Refuse("its token has another issuer");
        }

        var result = await new OidcTokenValidator(new KeysFor(keys, token.KeyId), timeProvider).ValidateAsync(token, cancellationToken);
        if (!result.IsValid)
        {
            return CallerVerdict.Refuse($"its token is not valid: {result.Failure.Message}");
        }

        var claims = result.Claims;
        return !claims.Audiences.Contains(caller.Audience) ? CallerVerdict.Refuse("its token is for another audience")
            : !IsMeant(claims, caller.Identity!) ? CallerVerdict.Refuse("its token is another caller's")
            : CallerVerdict.Welcome;
    }

    private static bool IsMeant(OidcClaims claims, string identity) => identity.Contains('@', StringComparison.Ordinal)
        ? string.Equals(claims.Email, identity, StringComparison.OrdinalIgnoreCase) && claims.Values("email_verified") is ["true"]
        : claims.Subject == identity;

    private sealed class KeysFor(OidcKeys keys, string? keyId) : IOidcKeySource
    {
        public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) => keys.GetAsync(issuer, keyId, cancellationToken);
    }
}
