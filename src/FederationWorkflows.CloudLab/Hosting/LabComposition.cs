using FederationWorkflows.CloudLab.Clusters;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>What a lab is made of besides AWS: further clouds, and the identity providers whose tokens its STS can check.</summary>
internal sealed record LabComposition(IReadOnlyList<ILabService> Services, IOidcKeySource KeySource)
{
    /// <summary>The one place where the clouds are put together.</summary>
    public static LabComposition Of(CloudLabOptions options, EventLog events)
    {
        var clusters = new ClusterLab(options.World.Clusters, options.TimeProvider);
        var others = new DeclaredKeys(options.World.Issuers);
        var google = new GoogleLab(options.World.Google, options.TimeProvider, events, own => new IssuerKeys(own, clusters.KeySource, others));
        return new LabComposition([google, clusters], new IssuerKeys(google.KeySource, clusters.KeySource, others));
    }
}
