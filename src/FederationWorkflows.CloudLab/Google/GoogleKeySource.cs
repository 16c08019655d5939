using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Google's public keys for the other half of the lab, which checks ID tokens without a network call.</summary>
internal sealed class GoogleKeySource(GoogleIdTokenIssuer tokens) : IOidcKeySource
{
    public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) =>
        // Google's tokens carry either form of the issuer (Google Identity documentation, "Verify the Google ID token on your server side").
        ValueTask.FromResult<IReadOnlyList<JsonWebKey>>(issuer is GoogleIdTokenIssuer.Issuer or "accounts.google.com" ? tokens.PublicKeys : []);
}
