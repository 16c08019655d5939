using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>What a lab is made of besides AWS: further clouds, and the identity providers whose tokens its STS can check.</summary>
internal sealed record LabComposition(IReadOnlyList<ILabService> Services, IOidcKeySource KeySource)
{
    /// <summary>The one place where the clouds are put together.</summary>
    public static LabComposition Of(CloudLabOptions options, EventLog events) => new([], new NoIssuers());

    private sealed class NoIssuers : IOidcKeySource
    {
        public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) => new([]);
    }
}
