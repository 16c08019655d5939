using System.Collections.Frozen;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>The keys of all issuers that a lab knows: the first source that has an issuer's keys gives them.</summary>
internal sealed class IssuerKeys(params IOidcKeySource[] sources) : IOidcKeySource
{
    public async ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken)
    {
        foreach (var source in sources)
        {
            if (await source.GetKeysAsync(issuer, cancellationToken) is { Count: > 0 } keys)
            {
                return keys;
            }
        }

        return [];
    }
}

/// <summary>The keys of issuers outside the lab, as its world declares them.</summary>
internal sealed class DeclaredKeys(IReadOnlyList<LabIssuer> issuers) : IOidcKeySource
{
    private readonly FrozenDictionary<string, IReadOnlyList<JsonWebKey>> keys = issuers.ToFrozenDictionary(issuer => issuer.Issuer, issuer => JsonWebKey.ParseSet(issuer.Jwks));

    public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) => ValueTask.FromResult(keys.GetValueOrDefault(issuer, []));
}
