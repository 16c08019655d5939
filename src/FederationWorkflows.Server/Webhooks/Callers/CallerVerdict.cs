namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>Whether a caller is who an endpoint names.</summary>
/// <param name="Refusal">Why he is not, for the operator; null when he is.</param>
internal sealed record CallerVerdict(string? Refusal)
{
    /// <summary>He is.</summary>
    public static CallerVerdict Welcome { get; } = new((string?)null);

    /// <summary>What tells this request from others, so that the same one sent again starts nothing; null when nothing does.</summary>
    public string? ReplayKey { get; init; }

    /// <summary>How long the same request could be sent again.</summary>
    public TimeSpan ReplayWindow { get; init; }

    /// <summary>The request is from the sender, and is for the server and not for the story: it is answered with 200.</summary>
    public bool IsHandled { get; init; }

    /// <summary>He is, and there is nothing more to do.</summary>
    public static CallerVerdict Handled { get; } = new((string?)null) { IsHandled = true };

    /// <summary>He is, and the same request is not to start anything a second time.</summary>
    public static CallerVerdict Once(string replayKey, TimeSpan window) => new((string?)null) { ReplayKey = replayKey, ReplayWindow = window };

    /// <summary>He is not.</summary>
    public static CallerVerdict Refuse(string why) => new(why);
}
