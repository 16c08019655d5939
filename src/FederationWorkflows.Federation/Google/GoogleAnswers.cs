using System.Globalization;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Turns every error answer into a <see cref="FederationException"/> before Google's library sees it: the library keeps neither headers nor the details,
/// and retries on its own. Also ends the request with the call: for ID tokens the library starts requests that nothing cancels.
/// </summary>
internal sealed class GoogleAnswers(HttpMessageHandler inner, GoogleCall call, TimeProvider time, CancellationToken callEnds) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, callEnds);
        var response = await base.SendAsync(request, either.Token);
        if (call.Service == GoogleCall.MetadataServer && !(response.Headers.TryGetValues("Metadata-Flavor", out var flavor) && flavor.Contains("Google")))
        {
            response.Dispose();
            throw call.Unreadable("its answer has no Metadata-Flavor: Google, so something else answers at its address");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var error = GoogleError.Read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token));
            throw Refused(response, error);
        }
    }

    private FederationException Refused(HttpResponseMessage response, GoogleError error)
    {
        var detail = CloudText.Message(error.Message, [.. call.Secrets]);
        var expected = call.Explain is { } explain && error.Code is "invalid_grant" or "unauthorized_client" ? explain() : default;
        return new FederationException(new Failure
        {
            Cloud = Cloud.Google,
            Side = FailureSide.Cloud,
            Service = call.Service,
            Api = call.Api,
            Code = error.Code,
            HttpStatus = (int)response.StatusCode,
            Detail = detail.Length > 0 ? detail : string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)response.StatusCode} without an explanation"),
            Advice = ClockDifference.With(PoolAdvice.With(expected, GoogleAdvice.For(call, error)), call.Service, error.Code, error.Message, response.Headers.Date, time.GetUtcNow()),
            Explanation = expected.Explanation,
            IsRetryable = OutboundCall.IsPassing(response.StatusCode) || error.Code is "UNAVAILABLE" or "RESOURCE_EXHAUSTED",
            RetryAfter = error.RetryDelay ?? GoogleError.RetryAfter(response.Headers.RetryAfter, time),
        });
    }
}
