namespace FederationWorkflows.CloudLab;

/// <summary>How a sink answers the next of what it is sent.</summary>
public sealed record SinkAnswer
{
    /// <summary>The HTTP status, 200 to 599; 200 by default.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The body; empty by default.</summary>
    public string Body { get; init; } = string.Empty;

    /// <summary>The <c>Retry-After</c>, in seconds; null: none.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>How long it waits before it answers; 0 by default.</summary>
    public int DelayMilliseconds { get; init; }

    /// <summary>Whether it cuts the connection in place of an answer. What it was sent is recorded all the same.</summary>
    public bool Cut { get; init; }

    /// <summary>How many times; 1 by default.</summary>
    public int Times { get; init; } = 1;

    internal string? Problem() =>
        Status is < 200 or > 599 ? "status is 200 to 599."
        : Body.Length > 64 * 1024 ? "body has 65536 characters at most."
        : RetryAfterSeconds is < 0 or > 86_400 ? "retryAfterSeconds is 0 to 86400."
        : DelayMilliseconds is < 0 or > LabFault.MaximumDelayMilliseconds ? $"delayMilliseconds is 0 to {LabFault.MaximumDelayMilliseconds}."
        : Times is < 1 or > 1_000_000 ? "times is 1 to 1000000."
        : null;
}
