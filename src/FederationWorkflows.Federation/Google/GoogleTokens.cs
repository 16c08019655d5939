using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google;

/// <summary>An OAuth 2.0 access token for Google APIs.</summary>
/// <param name="Token">The token.</param>
/// <param name="ExpiresAt">When it stops working.</param>
/// <param name="Scopes">What it is good for, as far as known: what Google said it granted, else what was asked for.</param>
/// <param name="Principal">Whose it is: a service account's email; null when the source does not say.</param>
public sealed record GoogleAccessToken(Sensitive<string> Token, DateTimeOffset ExpiresAt, IReadOnlyList<string> Scopes, string? Principal);

/// <summary>An OpenID Connect ID token that Google issued.</summary>
/// <param name="Token">The token.</param>
/// <param name="Claims">What it says, read from it as it came from Google over TLS.</param>
public sealed record GoogleIdToken(Sensitive<string> Token, IdTokenClaims Claims);
