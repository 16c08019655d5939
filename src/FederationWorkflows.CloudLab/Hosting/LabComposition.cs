using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab;

/// <summary>What a lab is made of besides AWS: further clouds, and the identity providers whose tokens its STS can check.</summary>
internal sealed record LabComposition(IReadOnlyList<ILabService> Services, IOidcKeySource KeySource)
{
    /// <summary>The one place where the clouds are put together.</summary>
    public static LabComposition Of(CloudLabOptions options, EventLog events)
    {
        var google = new GoogleLab(options.World.Google, options.TimeProvider, events);
        return new LabComposition([google], google.KeySource);
    }
}
