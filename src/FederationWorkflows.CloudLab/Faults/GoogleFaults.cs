using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Faults;

/// <summary>Faults of Google's services, in their form. It stands before all of them and knows them by their paths.</summary>
internal sealed class GoogleFaults(LabFaults faults, EventLog events, TimeProvider time)
{
    private const string Metadata = "metadata.google.internal";

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (NameOf(http.Request.Path) is not (var service, var action) || faults.Take(service, action) is not { } fault)
        {
            await next(http);
            return;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMilliseconds), time, http.RequestAborted);
        if (fault.Status is { } status)
        {
            Record(http, service, action, fault.Code ?? status.ToString(CultureInfo.InvariantCulture));
            await RefuseAsync(http, service, fault, status);
        }
        else if (fault.Cut == FaultCut.Before)
        {
            Record(http, service, action, "ConnectionCut");
            http.Abort();
        }
        else
        {
            using var ending = fault.Cut == FaultCut.After ? CutBody.Arm(http, fault.CutAfterBytes) : null;
            await next(http);
        }
    }

    // /google/iamcredentials/v1/.../x@y:generateIdToken is iamcredentials.googleapis.com's generateIdToken.
    private static (string Service, string Action)? NameOf(PathString path)
    {
        var action = path.Value![(path.Value!.LastIndexOfAny(['/', ':']) + 1)..];
        if (path.StartsWithSegments("/computeMetadata", StringComparison.Ordinal))
        {
            return (Metadata, action);
        }

        return path.StartsWithSegments("/google", StringComparison.Ordinal, out var rest) && rest.Value is { Length: > 1 } text
            ? ($"{text[1..].Split('/')[0]}.googleapis.com", action)
            : null;
    }

    private void Record(HttpContext http, string service, string action, string code) => events.Record(new LabEvent
    {
        EventTime = time.GetUtcNow(),
        EventSource = service,
        EventName = action,
        SourceIpAddress = http.Connection.RemoteIpAddress?.ToString(),
        UserAgent = http.Request.Headers.UserAgent.ToString(),
        ErrorCode = code,
        Explanation = AwsFaults.Explanation,
    });

    private static async Task RefuseAsync(HttpContext http, string service, LabFault fault, int status)
    {
        var response = http.Response;
        response.StatusCode = status;
        if (fault.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (service == Metadata)
        {
            response.ContentType = "text/html; charset=UTF-8";
            response.Headers["Metadata-Flavor"] = "Google";
            await response.WriteAsync(fault.Message ?? "The metadata server is temporarily unavailable.", http.RequestAborted);
            return;
        }

        response.ContentType = "application/json; charset=UTF-8";
        await response.WriteAsync((service is "oauth2.googleapis.com" or "sts.googleapis.com" ? OAuth(fault, status) : Api(fault, status)).ToJsonString() + "\n", http.RequestAborted);
    }

    // RFC 6749 section 5.2, with what Google's endpoint answers beyond it.
    private static JsonObject OAuth(LabFault fault, int status)
    {
        var (code, message) = status switch
        {
            429 => ("rate_limit_exceeded", "Rate limit exceeded."),
            503 => ("temporarily_unavailable", "The service is temporarily unavailable."),
            >= 500 => ("internal_failure", "Backend Error"),
            _ => ("invalid_request", "Bad Request"),
        };
        return new JsonObject { ["error"] = fault.Code ?? code, ["error_description"] = fault.Message ?? message };
    }

    // AIP-193, with the codes of google.rpc.Code.
    private static JsonObject Api(LabFault fault, int status)
    {
        var (code, message) = status switch
        {
            429 => ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
            503 => ("UNAVAILABLE", "The service is currently unavailable."),
            504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
            >= 500 => ("INTERNAL", "Internal error encountered."),
            _ => ("FAILED_PRECONDITION", "Precondition check failed."),
        };
        return new JsonObject { ["error"] = new JsonObject { ["code"] = status, ["message"] = fault.Message ?? message, ["status"] = fault.Code ?? code } };
    }
}
