namespace FederationWorkflows.CloudLab;

/// <summary>How a lab is started.</summary>
public sealed class CloudLabOptions
{
    /// <summary>The port on 127.0.0.1; 0, the default, takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>What exists in the lab's clouds; by default <see cref="LabWorld.Default"/>.</summary>
    public LabWorld World { get; init; } = LabWorld.Default;

    /// <summary>The lab's clock: tokens, sessions and signatures live by it.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The longest object the lab's S3 takes, in bytes; 64 MiB by default. It is held in memory.</summary>
    public int MaximumObjectSize { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many events are kept; the oldest goes first.</summary>
    public int MaximumEvents { get; init; } = 10_000;
}
