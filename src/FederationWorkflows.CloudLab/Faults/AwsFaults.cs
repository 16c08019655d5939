using FederationWorkflows.CloudLab.Aws;

namespace FederationWorkflows.CloudLab.Faults;

/// <summary>Faults of AWS's services, in their form.</summary>
internal sealed class AwsFaults(LabFaults faults, TimeProvider time)
{
    public const string Explanation = "an injected fault";

    /// <summary>Lets happen what was told of this call, whose operation is known: waits, throws, or arms the answer to be cut.</summary>
    public async Task MeetAsync(AwsCall call, CancellationToken cancellationToken)
    {
        if (faults.Take(call.EventSource, call.EventName) is not { } fault)
        {
            return;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMilliseconds), time, cancellationToken);
        if (fault.Status is { } status)
        {
            var (code, message) = call.EventSource == "s3.amazonaws.com" ? OfS3(status) : OfQueryApi(status);
            throw new AwsException(fault.Code ?? code, fault.Message ?? message, status) { Explanation = Explanation, RetryAfterSeconds = fault.RetryAfterSeconds };
        }

        switch (fault.Cut)
        {
            case FaultCut.Before:
                throw new ConnectionCutException();
            case FaultCut.After:
                call.Ending = CutBody.Arm(call.Http, fault.CutAfterBytes);
                break;
            default:
                break;
        }
    }

    // Amazon S3 API Reference, "Error responses".
    private static (string Code, string Message) OfS3(int status) => status switch
    {
        500 => ("InternalError", "We encountered an internal error. Please try again."),
        429 or 503 => ("SlowDown", "Please reduce your request rate."),
        _ => ("ServiceUnavailable", "Please reduce your request rate."),
    };

    // AWS STS and IAM API References, "Common errors". The real ones answer Throttling with status 400.
    private static (string Code, string Message) OfQueryApi(int status) => status switch
    {
        400 or 429 => ("Throttling", "Rate exceeded"),
        500 => ("InternalFailure", "The request processing has failed because of an unknown error, exception or failure."),
        _ => ("ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    };
}
