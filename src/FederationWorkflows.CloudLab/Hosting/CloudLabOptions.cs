namespace FederationWorkflows.CloudLab;

/// <summary>How a lab is started.</summary>
public sealed record CloudLabOptions
{
    /// <summary>The port on 127.0.0.1; 0, the default, takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>What exists in the lab's clouds; by default <see cref="LabWorld.Default"/>.</summary>
    public LabWorld World { get; init; } = LabWorld.Default;

    /// <summary>The right time. Tokens, sessions and signatures live by <see cref="CloudLabServer.Clock"/>, which follows it.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The longest object or part that the lab's S3 takes in one request, in bytes; 5 GiB by default, as S3 itself.</summary>
    public long MaximumObjectSize { get; init; } = 5L * 1024 * 1024 * 1024;

    /// <summary>How many bytes of objects the lab keeps, those being uploaded included; 6 GiB by default. Copies take no more.</summary>
    public long MaximumStorage { get; init; } = 6L * 1024 * 1024 * 1024;

    /// <summary>
    /// Where the lab makes the folder that holds what is too large for memory; by default, where temporary files are. The folder is gone when the lab is disposed.
    /// Choose another place where temporary files are kept in memory.
    /// </summary>
    public string? StorageFolder { get; init; }

    /// <summary>How many events are kept; the oldest goes first.</summary>
    public int MaximumEvents { get; init; } = 10_000;
}
