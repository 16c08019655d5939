using System.Net;

namespace FederationWorkflows.Federation;

/// <summary>One call to a cloud: who is called for what, within which time, and what is said when no usable answer comes.</summary>
internal record OutboundCall(Cloud Cloud, string Service, string Api)
{
    /// <summary>What comes of it is a token or credentials.</summary>
    public virtual bool GivesToken { get; init; }

    /// <summary>The role it is about; null when it is about none.</summary>
    public string? Role { get; init; }

    /// <summary>Whose rights it uses or asks for, as far as this host knows; null when it does not.</summary>
    public virtual string? Principal { get; init; }

    /// <summary>Runs the call; whatever keeps an answer from coming becomes a <see cref="FederationException"/>. Cancellation by the caller stays cancellation.</summary>
    public Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync((_, limited) => call(limited), timeout, time, cancellationToken);

    /// <summary>Runs a call that moves much: its time begins anew whenever it tells, by the action it is given, that something has moved.</summary>
    public Task<T> RunAsync<T>(Func<Action, CancellationToken, Task<T>> call, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken) =>
        CloudTelemetry.ObserveAsync(this, () => RunLimitedAsync(call, timeout, time, cancellationToken));

    private async Task<T> RunLimitedAsync<T>(Func<Action, CancellationToken, Task<T>> call, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await call(() => timer.CancelAfter(timeout), either.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsTimeout(exception, timer.Token))
        {
            throw NoAnswer(
                FailureCodes.Timeout,
                $"nothing within {timeout.TotalSeconds:0.###} s",
                $"Check that this host reaches {Service}, by DNS, proxy and firewall; {FederationOptions.Section}:{nameof(FederationOptions.Timeout)} sets the limit.",
                isRetryable: true);
        }
        catch (InvalidOperationException exception) when (cancellationToken.IsCancellationRequested)
        {
            // A cloud's library may continue from the task that was cancelled, and trip over it: it is the cancellation all the same.
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (UnacceptableAnswerException exception)
        {
            throw NoAnswer(exception.Code, exception.Message, exception.Advice ?? $"Check that {FederationOptions.Section}:{nameof(FederationOptions.Endpoints)} and the proxy lead to {Service}.");
        }
        catch (HttpRequestException exception)
        {
            throw Network(exception);
        }
        catch (IOException exception)
        {
            throw NoAnswer(FailureCodes.NetworkFailure, CloudText.Message(exception.Message), Broke, isRetryable: true, exception);
        }
    }

    // A cloud's library may continue from the task that the timer ended, and trip over it.
    private static bool IsTimeout(Exception exception, CancellationToken timer) =>
        exception is OperationCanceledException || (exception is InvalidOperationException && timer.IsCancellationRequested);

    /// <summary>
    /// Success was answered, but not with what the service's documentation says: by whoever stands between, and perhaps only for now.
    /// </summary>
    public FederationException Unreadable(string detail) =>
        NoAnswer(FailureCodes.UnreadableAnswer, detail, $"Check that {FederationOptions.Section}:{nameof(FederationOptions.Endpoints)} and the proxy lead to {Service}.", isRetryable: true);

    /// <summary>An input of this call is wrong; nothing was sent.</summary>
    public FederationException Input(string detail, string advice) => Failure.Input(Cloud, Service, Api, detail, advice);

    private string Broke => $"The connection to {Service} broke before its answer was whole: try again; when it stays so, look at what is between, such as a proxy or a firewall.";

    private FederationException Network(HttpRequestException exception)
    {
        var advice = exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "The name could not be resolved: check this host's DNS and the configured endpoint.",
            HttpRequestError.SecureConnectionError => "The TLS handshake failed: check the certificate authorities this host trusts and whether a proxy intercepts TLS.",
            HttpRequestError.ProxyTunnelError => "The proxy did not open a tunnel: check its rules for this service.",
            HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse => Broke,
            HttpRequestError.Unknown when exception.InnerException is IOException => Broke,
            _ => $"Check that this host reaches {Service}, by proxy and firewall, and that the outbound policy allows it.",
        };
        var reason = exception.InnerException is { } inner && inner.Message != exception.Message ? $"{exception.Message} {inner.Message}" : exception.Message;
        var isRetryable = exception.HttpRequestError != HttpRequestError.SecureConnectionError;
        return NoAnswer(FailureCodes.NetworkFailure, CloudText.Message(reason), advice, isRetryable, exception);
    }

    private FederationException NoAnswer(string code, string detail, string advice, bool isRetryable = false, Exception? exception = null) =>
        new(new Failure { Cloud = Cloud, Side = FailureSide.Network, Service = Service, Api = Api, Code = code, Detail = detail, Advice = advice, IsRetryable = isRetryable }, exception);

    /// <summary>Whether a status says that the same call may succeed later.</summary>
    public static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented;
}
