using System.Globalization;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Hosting;

/// <summary>What can go wrong without anything being broken is told as a problem (RFC 9457) that says what to do.</summary>
internal sealed class ExpectedFailures(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        int? status = exception switch
        {
            NodeBusyException => StatusCodes.Status429TooManyRequests,
            StorageUnavailableException { IsTransient: true } => StatusCodes.Status503ServiceUnavailable,
            StorageUnavailableException => StatusCodes.Status500InternalServerError,
            RunElsewhereException or LeaseLostException or RunExistsException or DuplicateRunException or DefinitionInUseException => StatusCodes.Status409Conflict,
            UnknownDefinitionException => StatusCodes.Status404NotFound,
            DefinitionException or ValueConversionException or RunArchiveException => StatusCodes.Status400BadRequest,
            _ => null,
        };
        if (status is null)
        {
            return false;
        }

        if (exception is NodeBusyException { RetryAfter: var wait })
        {
            httpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        httpContext.Response.StatusCode = status.Value;
        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = new ProblemDetails { Status = status, Detail = exception.Message } });
    }
}
