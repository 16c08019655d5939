using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Trust;

/// <summary>The providers of pools that an administrator declared, for explaining refusals.</summary>
internal sealed class ExpectedPools(IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    /// <summary>
    /// Explains by the provider as it is declared what Google refused. No explanation when it is not declared; a problem when what is declared cannot be read.
    /// </summary>
    public (TrustExplanation? Explanation, string? Problem) Explain(PoolProviderName provider, PoolTokenRequest request)
    {
        var current = options.CurrentValue;
        foreach (var (name, declared) in current.PoolProviders)
        {
            try
            {
                var expected = IdentityPoolProvider.Parse(declared.Json ?? BoundedFile.ReadText(declared.File!, IdentityPoolProvider.MaximumLength));
                if (expected.Name == provider)
                {
                    return (
                        request.SubjectTokenType == SubjectTokenType.Jwt
                            ? PoolExplanation.OfToken(expected, request.SubjectToken, time.GetUtcNow())
                            : PoolExplanation.OfSignedRequest(expected, request.SubjectToken, caller: null, time.GetUtcNow(), standIn: current.Endpoints.AwsSts ?? current.Endpoints.Aws),
                        null);
                }
            }
            catch (Exception exception) when (exception is PoolProviderFormatException or IOException or UnauthorizedAccessException)
            {
                return (null, $"The provider declared in {FederationOptions.Section}:{nameof(FederationOptions.PoolProviders)}:{name} cannot be read: {CloudText.Message(exception.Message)}");
            }
        }

        return (null, null);
    }
}
