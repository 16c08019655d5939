namespace FederationWorkflows.CloudLab;

/// <summary>Something that goes wrong with the next calls of a cloud.</summary>
public sealed record LabFault
{
    /// <summary>The longest delay.</summary>
    public const int MaximumDelayMilliseconds = 10 * 60 * 1000;

    /// <summary>Of which service, as the event log names it: <c>s3.amazonaws.com</c>, <c>iamcredentials.googleapis.com</c>, ...; null: of any.</summary>
    public string? Service { get; init; }

    /// <summary>Of which operation, as the event log names it: <c>PutObject</c>, <c>AssumeRole</c>; of Google the last word of the path, such as <c>token</c> or <c>generateIdToken</c>. Null: of any.</summary>
    public string? Action { get; init; }

    /// <summary>How many calls; 1 by default.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The HTTP status of a refusal, 400 to 599; null when the call is not refused.</summary>
    public int? Status { get; init; }

    /// <summary>The code of the refusal; null: the one that fits the service and the status.</summary>
    public string? Code { get; init; }

    /// <summary>The message of the refusal; null: the one that fits the service and the status.</summary>
    public string? Message { get; init; }

    /// <summary>The <c>Retry-After</c> of the refusal, in seconds; null: none.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>How long the call waits before anything else; 0 by default.</summary>
    public int DelayMilliseconds { get; init; }

    /// <summary>Whether the connection is cut, and when.</summary>
    public FaultCut Cut { get; init; }

    /// <summary>How many bytes of the answer's body go out before a cut after the work.</summary>
    public long CutAfterBytes { get; init; }

    internal string? Problem() =>
        Count is < 1 or > 1_000_000 ? "count is 1 to 1000000."
        : Status is < 400 or > 599 ? "status is 400 to 599."
        : RetryAfterSeconds is < 0 or > 86_400 ? "retryAfterSeconds is 0 to 86400."
        : DelayMilliseconds is < 0 or > MaximumDelayMilliseconds ? $"delayMilliseconds is 0 to {MaximumDelayMilliseconds}."
        : CutAfterBytes < 0 ? "cutAfterBytes is 0 or more."
        : Status is not null && Cut != FaultCut.None ? "A call is refused or cut off: give status or cut, not both."
        : Status is null && Cut == FaultCut.None && DelayMilliseconds == 0 ? "Say what goes wrong: status, delayMilliseconds or cut."
        : null;
}

/// <summary>When a connection is cut.</summary>
public enum FaultCut
{
    /// <summary>Never.</summary>
    None,

    /// <summary>Before the call does anything.</summary>
    Before,

    /// <summary>After the call has done its work, while the answer goes out: the caller cannot know.</summary>
    After,
}
