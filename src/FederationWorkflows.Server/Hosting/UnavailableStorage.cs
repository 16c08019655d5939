using System.Globalization;
using FederationWorkflows.Runtime.Storage;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Hosting;

/// <summary>
/// While the storage does not work, every request is told to come again (RFC 9110, 15.6.4): senders of webhooks repeat what was answered
/// with 503, also where a person must act first, such as on a full disk, while many take a 500 for the end of it.
/// </summary>
internal sealed class UnavailableStorage(IProblemDetailsService problems) : IExceptionHandler
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WhenSomebodyActed = TimeSpan.FromSeconds(30);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not StorageUnavailableException unavailable)
        {
            return false;
        }

        var wait = unavailable.IsTransient ? Soon : WhenSomebodyActed;
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);

        // Who calls learns that it is the storage; where it lies is for the log.
        var problem = new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Detail = $"The storage does not work at the moment; the server's log says why. Try again in {wait.TotalSeconds:0} seconds." };
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem });
    }
}
