namespace FederationWorkflows.Server.Audit;

/// <summary>Writes what endpoints did to the audit log. Every endpoint that changes something says how it is audited.</summary>
internal static class AuditedEndpoints
{
    /// <summary>Once the endpoint has done its work, writes who did it. What was refused changed nothing and is not written; what failed half-way is, if the endpoint told what it had done.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="action">What it does, e.g. <c>story.publish</c>.</param>
    /// <param name="subject">The route's value that names what it is done to; null where the endpoint tells it by <see cref="Tell"/>, or takes an <see cref="IAuditedRequest"/> that says it.</param>
    public static RouteHandlerBuilder Audited(this RouteHandlerBuilder endpoint, string action, string? subject = null) => endpoint
        .WithMetadata(new AuditedAction(action))
        .AddEndpointFilter(async (invocation, next) =>
        {
            object? result = null;
            try
            {
                result = await next(invocation);
            }
            finally
            {
                // What had been done when it failed is told, too.
                var context = invocation.HttpContext;
                var told = context.Features.Get<AuditFacts>();
                if (told is not null || result is not (null or IStatusCodeHttpResult { StatusCode: >= StatusCodes.Status400BadRequest }))
                {
                    var name = told?.Subject ?? (subject is null ? null : context.GetRouteValue(subject)?.ToString()) ?? "";
                    await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(
                        context, action, name, told?.Before, told?.After ?? invocation.Arguments.OfType<IAuditedRequest>().FirstOrDefault(), succeeded: result is not null);
                }
            }

            return result;
        });

    /// <summary>The endpoint writes its own entries, because what is worth writing is not the same for every call.</summary>
    public static T WritesAudit<T>(this T endpoint, string action)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AuditedAction(action));

    /// <summary>Tells what the entry of this request is to say beside action and actor. Nothing of it may be secret.</summary>
    public static void Tell(this HttpContext context, string? subject = null, object? before = null, object? after = null) =>
        context.Features.Set(new AuditFacts(subject, before, after));

    private sealed record AuditFacts(string? Subject, object? Before, object? After);
}

/// <summary>An endpoint whose doings are in the audit log, as this.</summary>
internal sealed record AuditedAction(string Action);

/// <summary>A request that is written to the audit log as it was sent, e.g. the ids of what was deleted. Nothing in it is secret.</summary>
internal interface IAuditedRequest;
