using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation;

/// <summary>
/// The one error of the federation clients: what was called, which side said no, the cloud's own code and message, and what to check.
/// Its texts are safe to show: they never contain a token, a key or a credential.
/// </summary>
public sealed class FederationException : Exception, IRetryFacts
{
    internal FederationException(Failure failure, Exception? innerException = null)
        : base(failure.Describe(), innerException)
    {
        Cloud = failure.Cloud;
        Side = failure.Side;
        Service = failure.Service;
        Api = failure.Api;
        Code = failure.Code;
        HttpStatus = failure.HttpStatus;
        Detail = failure.Detail;
        Advice = failure.Advice;
        IsRetryable = failure.IsRetryable;
        RetryAfter = failure.RetryAfter;
        Explanation = failure.Explanation;
    }

    /// <summary>The cloud the call was for; null when the failure is about neither.</summary>
    public Cloud? Cloud { get; }

    /// <summary>Where the failure arose.</summary>
    public FailureSide Side { get; }

    /// <summary>The service in question, e.g. <c>AWS STS</c>.</summary>
    public string Service { get; }

    /// <summary>The operation in the cloud's own words, e.g. <c>sts:AssumeRoleWithWebIdentity</c>.</summary>
    public string Api { get; }

    /// <summary>The cloud's own error code, e.g. <c>PERMISSION_DENIED</c>; one of <see cref="FailureCodes"/> when no cloud gave one.</summary>
    public string Code { get; }

    /// <summary>The HTTP status of the cloud's answer; null when there was none.</summary>
    public int? HttpStatus { get; }

    /// <summary>The cloud's own message, cleaned of anything that looks like a secret; on other sides, what went wrong.</summary>
    public string Detail { get; }

    /// <summary>What to check or do; empty when there is nothing to add to the message.</summary>
    public string Advice { get; }

    /// <summary>Whether the same call may succeed later without anybody changing anything.</summary>
    public bool IsRetryable { get; }

    /// <summary>How long the cloud asked to wait before the next attempt; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Which condition of the trust refused, where the trust policy is known here; null otherwise.</summary>
    public Trust.TrustExplanation? Explanation { get; }

    int? IRetryFacts.StatusCode => HttpStatus;

    string? IRetryFacts.Category => Code;

    bool IRetryFacts.IsTransient => IsRetryable;
}

/// <summary>A cloud.</summary>
public enum Cloud
{
    /// <summary>Google Cloud.</summary>
    Google,

    /// <summary>Amazon Web Services.</summary>
    Aws,
}

/// <summary>Where a failure arose.</summary>
public enum FailureSide
{
    /// <summary>On this host, before anything was sent: an input, a connection or the configuration is wrong.</summary>
    Here,

    /// <summary>On the way: no answer came, or it was not usable.</summary>
    Network,

    /// <summary>The cloud answered and refused.</summary>
    Cloud,
}

/// <summary>The codes of failures for which no cloud gave a code.</summary>
public static class FailureCodes
{
    /// <summary>An input does not have the form the cloud requires.</summary>
    public const string InvalidInput = "InvalidInput";

    /// <summary>A story names a connection that does not exist.</summary>
    public const string UnknownConnection = "UnknownConnection";

    /// <summary>A connection exists, but this story, or who started its run, may not use it.</summary>
    public const string ConnectionNotAllowed = "ConnectionNotAllowed";

    /// <summary>A connection exists, but its definition or its credential cannot be used.</summary>
    public const string UnusableConnection = "UnusableConnection";

    /// <summary>A token is not a JSON web token that can be read.</summary>
    public const string MalformedToken = "MalformedToken";

    /// <summary>No answer within the time allowed.</summary>
    public const string Timeout = "Timeout";

    /// <summary>The service could not be reached, or the connection broke.</summary>
    public const string NetworkFailure = "NetworkFailure";

    /// <summary>The service answered with something that is not what its documentation says.</summary>
    public const string UnreadableAnswer = "UnreadableAnswer";

    /// <summary>The service answered with more bytes than are accepted.</summary>
    public const string AnswerTooLarge = "AnswerTooLarge";

    /// <summary>The service tried to send the call, and with it a credential, elsewhere.</summary>
    public const string Redirected = "Redirected";
}
