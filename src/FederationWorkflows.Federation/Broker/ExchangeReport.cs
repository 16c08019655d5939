namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// An exchange that was made for a connection: who wanted what, and what came of it. It has what is needed to find the same exchange in the logs of the
/// clouds, and nothing secret: claims, never a token; an access key's id, never the key.
/// </summary>
public sealed record ExchangeReport
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The connection.</summary>
    public required string Connection { get; init; }

    /// <summary><c>accessToken</c>, <c>idToken</c>, <c>awsRole</c>, <c>awsSource</c> for credentials that this host has, or <c>projectedToken</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The story whose activity needed it; null for a check by an administrator.</summary>
    public string? Story { get; init; }

    /// <summary>The run that needed it first.</summary>
    public string? Run { get; init; }

    /// <summary>The activity that needed it first.</summary>
    public string? Activity { get; init; }

    /// <summary><c>ok</c>, or the cloud's error code.</summary>
    public required string Outcome { get; init; }

    /// <summary>It gave a token.</summary>
    public bool Succeeded { get; init; }

    /// <summary>Why it gave none; null when it did.</summary>
    public string? Problem { get; init; }

    /// <summary>The claims of the token that it gave, or that it exchanged for credentials.</summary>
    public ExchangeClaims? Claims { get; init; }

    /// <summary>The service account whose access token it is, where Google says so.</summary>
    public string? Principal { get; init; }

    /// <summary>The scopes of the access token.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The AWS role.</summary>
    public string? Role { get; init; }

    /// <summary>The session's name in CloudTrail.</summary>
    public string? SessionName { get; init; }

    /// <summary>The access key id, which CloudTrail has with every call that is made with the credentials.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>A session policy narrows the credentials.</summary>
    public bool IsNarrowed { get; init; }

    /// <summary>When what it gave stops working.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>What an ID token says of itself.</summary>
/// <param name="Iss">Who issued it.</param>
/// <param name="Aud">For whom.</param>
/// <param name="Azp">The authorized party.</param>
/// <param name="Sub">Of whom it speaks.</param>
public sealed record ExchangeClaims(string? Iss, IReadOnlyList<string> Aud, string? Azp, string? Sub);

/// <summary>Is told of every exchange that is made for a connection. What was kept and handed out again is no exchange.</summary>
public interface IExchangeObserver
{
    /// <summary>An exchange was made. Nobody gets what it gave before this has returned; when this throws, nobody gets it at all.</summary>
    ValueTask OnExchangedAsync(ExchangeReport report, CancellationToken cancellationToken);
}
