using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Management.Definitions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Hosting;

/// <summary>What can go wrong without anything being broken is told as a problem (RFC 9457) that says what to do.</summary>
internal sealed class ExpectedFailures(IProblemDetailsService problems) : IExceptionHandler
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WhenSomebodyActed = TimeSpan.FromSeconds(30);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        int? status = exception switch
        {
            NodeBusyException or RefusedException { Wait: not null } => StatusCodes.Status429TooManyRequests,
            StorageUnavailableException => StatusCodes.Status503ServiceUnavailable,
            RunElsewhereException or LeaseLostException or RunExistsException or DuplicateRunException or DocumentConflictException or DefinitionInUseException => StatusCodes.Status409Conflict,
            UnknownDefinitionException or UnknownVersionException => StatusCodes.Status404NotFound,
            StoryNotAllowedException => StatusCodes.Status403Forbidden,
            BadHttpRequestException e => e.StatusCode,
            DefinitionException or DefinitionConflictException or ValueConversionException or RunArchiveException or RefusedException => StatusCodes.Status400BadRequest,
            _ => null,
        };
        if (status is null)
        {
            return false;
        }

        if (WaitAfter(exception) is { } wait)
        {
            httpContext.Response.TellRetryAfter(wait);
        }

        // Who calls learns that it is the storage; where it lies is for the log.
        var detail = exception switch
        {
            StorageUnavailableException => "The storage does not work at the moment; the server's log says why. Try again; a change may have been made all the same.",
            BadHttpRequestException e => UnreadableRequest.Describe(e),
            _ => exception.Message,
        };
        httpContext.Response.StatusCode = status.Value;
        var problem = new ProblemDetails { Status = status, Detail = detail };
        if (status == StatusCodes.Status400BadRequest)
        {
            // The designer shows people each of these (Elsa contract: errors).
            problem.Extensions["errors"] = exception is DefinitionException e
                ? e.Problems.GroupBy(item => item.ActivityId ?? "story").ToDictionary(group => group.Key, group => group.Select(item => item.Message).ToArray())
                : new Dictionary<string, string[]> { ["story"] = [detail] };
        }

        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem });
    }

    /// <summary>
    /// Senders of webhooks repeat what was answered with 503 (RFC 9110, 15.6.4), also where a person must act first, such as on a full disk,
    /// while many take a 500 for the end of it.
    /// </summary>
    private static TimeSpan? WaitAfter(Exception exception) => exception switch
    {
        NodeBusyException busy => busy.RetryAfter,
        RefusedException refused => refused.Wait,
        StorageUnavailableException storage => storage.IsTransient ? Soon : WhenSomebodyActed,
        _ => null,
    };
}
