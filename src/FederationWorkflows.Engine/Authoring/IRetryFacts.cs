namespace FederationWorkflows.Engine;

/// <summary>
/// What an exception tells a retry policy. Exceptions of calls to other services implement it;
/// of <see cref="System.Net.Http.HttpRequestException"/> the status is known anyway.
/// </summary>
public interface IRetryFacts
{
    /// <summary>The HTTP status that was answered, 100 to 599; null when there was no answer.</summary>
    int? StatusCode { get; }

    /// <summary>How long the other side asks to be left alone (RFC 9110, section 10.2.3, Retry-After); null when it does not say.</summary>
    TimeSpan? RetryAfter { get; }

    /// <summary>The kind of error in the service's own word, for example <c>Throttling</c>; null when it has none.</summary>
    string? Category { get; }

    /// <summary>The same call may succeed later without anybody changing anything, as the service or the network says; whatever its status.</summary>
    bool IsTransient => false;
}
