using System.Net;
using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Federation;

/// <summary>
/// Accepts no redirect, which would carry a credential elsewhere, and no answer larger than a token service or a listing has a reason to send; and says so when no connection
/// came about in time.
/// </summary>
/// <param name="maxBytes">How much is taken of an answer.</param>
/// <param name="streams">Answers of success are passed on as they come: whoever reads them counts.</param>
internal sealed class AnswerLimits(long maxBytes, bool streams = false) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await ConnectAsync(request, cancellationToken);
        try
        {
            if (response.StatusCode is >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified)
            {
                throw Redirected(response);
            }

            // An answer to HEAD only says how long the content would be.
            if (request.Method != HttpMethod.Head && (!streams || !response.IsSuccessStatusCode))
            {
                await BufferAsync(response.Content, cancellationToken);
            }

            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // .NET reports a connection that did not come about in time as a cancellation, which nobody asked for: the clouds' libraries make of it what they like.
    private async Task<HttpResponseMessage> ConnectAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested && exception.InnerException is TimeoutException timeout)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, timeout.Message, timeout);
        }
    }

    /// <summary>S3 redirects to where a bucket is, and names the region (Amazon S3 User Guide, "Request redirection").</summary>
    private static UnacceptableAnswerException Redirected(HttpResponseMessage response)
    {
        var answer = $"it answered with a redirect (HTTP {(int)response.StatusCode}), which is not followed";
        return response.Headers.TryGetValues("x-amz-bucket-region", out var values) && values.FirstOrDefault() is { } region && AwsRegions.IsWellFormed(region)
            ? new(FailureCodes.Redirected, $"{answer}: the bucket is in {region}", $"Give {region} as the region.")
            : new(FailureCodes.Redirected, answer);
    }

    private async Task BufferAsync(HttpContent content, CancellationToken cancellationToken)
    {
        try
        {
            await content.LoadIntoBufferAsync(maxBytes, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new UnacceptableAnswerException(FailureCodes.AnswerTooLarge, $"its answer is larger than {maxBytes} bytes");
        }
    }
}

/// <summary>An answer that was not accepted. It passes through the cloud's libraries, which know nothing of it, to <see cref="OutboundCall"/>.</summary>
internal sealed class UnacceptableAnswerException(string code, string message, string? advice = null) : ProtocolViolationException(message)
{
    public string Code { get; } = code;

    /// <summary>What to do; null when there is nothing better than to check endpoint and proxy.</summary>
    public string? Advice { get; } = advice;
}
