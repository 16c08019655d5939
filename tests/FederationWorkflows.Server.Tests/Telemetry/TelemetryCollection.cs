namespace FederationWorkflows.Server.Tests.Telemetry;

/// <summary>Who listens to traces and measures hears the whole process: these tests have it to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TelemetryCollection
{
    public const string Name = "Telemetry";
}
