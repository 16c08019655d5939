using System.Diagnostics;

namespace FederationWorkflows.Server.Hosting;

/// <summary>One line for each request. The query is left out: people put secrets there.</summary>
internal sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> logger)
{
    /// <summary>What follows decides in somebody's name.</summary>
    private const string Links = "/approvals/link";

    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var level = context.Request.Path.StartsWithSegments("/health") ? LogLevel.Debug : LogLevel.Information;
            if (logger.IsEnabled(level))
            {
                var request = context.Request;

                // Rounded here: a format in the message has every line carry the number once more, as it is rendered.
                var milliseconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 1);

                // As it was encoded, so that nobody can write lines of their own into the log.
                var path = request.PathBase.ToUriComponent() + (request.Path.StartsWithSegments(Links) ? Links + "/***" : request.Path.ToUriComponent());
                LogRequest(level, request.Method, path, context.Response.StatusCode, milliseconds);
            }
        }
    }

    [LoggerMessage("{Method} {Path} answered {StatusCode} in {Milliseconds} ms")]
    private partial void LogRequest(LogLevel level, string method, string path, int statusCode, double milliseconds);
}
