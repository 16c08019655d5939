using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Clusters;

/// <summary>Reads projected tokens from files.</summary>
internal sealed class ProjectedTokens(TimeProvider time) : IProjectedTokens
{
    public async Task<ProjectedToken> ReadAsync(string connection, string path, string? issuer, CancellationToken cancellationToken = default)
    {
        var text = (await BoundedFile.ReadAsync(path, IdTokenDecoder.MaxLength, (detail, advice) => Unusable(connection, detail, advice), cancellationToken)).Trim();
        IdTokenClaims claims;
        try
        {
            claims = IdTokenDecoder.DecodeUnverified(text);
        }
        catch (FederationException exception)
        {
            throw Unusable(connection, $"its file '{path}' has no token: {exception.Detail}", "Give the path of a projected service account token (serviceAccountToken volume), alone in its file.");
        }

        if (issuer is not null && claims.Issuer != issuer)
        {
            throw Unusable(
                connection,
                $"the token in its file '{path}' is of the issuer '{CloudText.Message(claims.Issuer)}', not of '{issuer}'",
                "Check that the file is the one that this cluster mounts, and the connection's Issuer.");
        }

        return claims.ExpiresAt > time.GetUtcNow()
            ? new ProjectedToken(Sensitive.Of(text), claims)
            : throw Unusable(
                connection,
                claims.ExpiresAt is { } at ? $"the token in its file '{path}' expired at {at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : $"the token in its file '{path}' has no exp",
                "The kubelet replaces a projected token long before: check that the file is the mounted one, not a copy, and this host's clock.");
    }

    private static FederationException Unusable(string connection, string detail, string advice) =>
        Failure.Input(null, "connections", $"connection '{connection}'", detail, advice, FailureCodes.UnusableConnection);
}
