using System.Net;

namespace FederationWorkflows.Federation;

/// <summary>Accepts no redirect, which would carry a credential elsewhere, and no answer larger than a token service or a listing has a reason to send.</summary>
internal sealed class AnswerLimits(long maxBytes) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            if (response.StatusCode is >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest and not HttpStatusCode.NotModified)
            {
                throw new UnacceptableAnswerException(FailureCodes.Redirected, $"it answered with a redirect (HTTP {(int)response.StatusCode}), which is not followed");
            }

            await BufferAsync(response.Content, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
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
internal sealed class UnacceptableAnswerException(string code, string message) : ProtocolViolationException(message)
{
    public string Code { get; } = code;
}
