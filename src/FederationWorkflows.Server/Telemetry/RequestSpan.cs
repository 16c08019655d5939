using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>
/// Says of a request's span what it is about: method, route and status (OpenTelemetry: Semantic conventions for HTTP spans), and links it to the
/// caller's trace. Path and query are left out: people put secrets there. Probes of health are not traced.
/// </summary>
internal sealed class RequestSpan(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var span = context.Features.Get<IHttpActivityFeature>()?.Activity;
        return span is { Recorded: true, IsAllDataRequested: true } ? DescribeAsync(context, span) : next(context);
    }

    private async Task DescribeAsync(HttpContext context, Activity span)
    {
        var request = context.Request;
        if (request.Path.StartsWithSegments("/health"))
        {
            span.IsAllDataRequested = false;
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            await next(context);
            return;
        }

        if (ActivityContext.TryParse(request.Headers.TraceParent, null, isRemote: true, out var caller))
        {
            span.AddLink(new ActivityLink(caller, new ActivityTagsCollection { ["fedflow.link"] = "client" }));
        }

        try
        {
            await next(context);
        }
        finally
        {
            var method = HttpMethods.GetCanonicalizedValue(request.Method) is var known && IsKnown(known) ? known : "_OTHER";
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            var status = context.Response.StatusCode;
            span.DisplayName = route is null ? method : $"{method} {route}";
            span.SetTag("http.request.method", method);
            span.SetTag("http.route", route);
            span.SetTag("http.response.status_code", status);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                span.SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    private static bool IsKnown(string method) => HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method)
        || HttpMethods.IsPatch(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
