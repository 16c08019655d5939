using System.Globalization;
using System.Net.Http.Headers;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Aws;

/// <summary>Runs calls of the AWS SDK and turns its exceptions into ours.</summary>
internal static class AwsErrors
{
    private static readonly string[] PassingCodes =
        ["Throttling", "ThrottlingException", "TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown", "ServiceUnavailable", "InternalFailure", "InternalError", "RequestTimeout", "IDPCommunicationError"];

    /// <summary>Whether AWS's code says that the same call may succeed later.</summary>
    public static bool IsPassing(string code) => PassingCodes.Contains(code);

    public static Task<T> RunAsync<T>(
        this OutboundCall call,
        Func<CancellationToken, Task<T>> action,
        Func<string, string, AwsAdvice> advice,
        IReadOnlyList<Sensitive<string>> secrets,
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        call.RunAsync((_, limited) => action(limited), advice, secrets, timeout, time, cancellationToken);

    /// <summary>Runs a call whose time begins anew whenever it tells that something has moved.</summary>
    public static async Task<T> RunAsync<T>(
        this OutboundCall call,
        Func<Action, CancellationToken, Task<T>> action,
        Func<string, string, AwsAdvice> advice,
        IReadOnlyList<Sensitive<string>> secrets,
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken cancellationToken) =>
        await call.RunAsync(
            async (moved, limited) =>
            {
                try
                {
                    return await action(moved, limited);
                }
                catch (AmazonServiceException exception)
                {
                    throw Refused(call, exception, advice, secrets, time);
                }
                catch (Exception exception) when (exception is XmlException or AmazonUnmarshallingException or FormatException)
                {
                    throw call.Unreadable("its answer is not the XML that the API documents");
                }
                catch (AmazonClientException exception)
                {
                    throw call.Unreadable(CloudText.Message(exception.Message, [.. secrets]));
                }
            },
            timeout,
            time,
            cancellationToken);

    private static FederationException Refused(
        OutboundCall call, AmazonServiceException exception, Func<string, string, AwsAdvice> advice, IReadOnlyList<Sensitive<string>> secrets, TimeProvider time)
    {
        var status = exception.StatusCode;
        var response = (exception.InnerException as HttpErrorResponseException)?.Response;
        if (exception is AmazonUnmarshallingException || status < System.Net.HttpStatusCode.BadRequest)
        {
            return call.Unreadable("its answer is not the XML that the API documents");
        }

        // Without a code there was no error document: the SDK's message is then about itself.
        var hasCode = !string.IsNullOrEmpty(exception.ErrorCode);
        var code = CloudText.Code(exception.ErrorCode, status.ToString());
        var detail = hasCode ? CloudText.Message(exception.Message, [.. secrets]) : "";
        var passing = OutboundCall.IsPassing(status) || IsPassing(code);
        var retryAfter = response?.IsHeaderPresent("Retry-After") == true && RetryConditionHeaderValue.TryParse(response.GetHeaderValue("Retry-After"), out var header)
            ? GoogleError.RetryAfter(header, time)
            : null;
        var date = response?.IsHeaderPresent("Date") == true && DateTimeOffset.TryParse(response.GetHeaderValue("Date"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var given)
            ? given
            : (DateTimeOffset?)null;
        var remedy = advice(code, detail);
        return new FederationException(new Failure
        {
            Cloud = Cloud.Aws,
            Side = FailureSide.Cloud,
            Service = call.Service,
            Api = call.Api,
            Code = code,
            HttpStatus = (int)status,
            Detail = detail.Length > 0 ? detail : string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status} without an explanation"),
            Advice = ClockDifference.With(remedy.Text, call.Service, code, detail, date, time.GetUtcNow()),
            Explanation = remedy.Explanation,
            IsRetryable = passing,
            RetryAfter = retryAfter,
        });
    }
}
