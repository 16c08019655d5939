namespace FederationWorkflows.Server.Access;

/// <summary>Says what an endpoint asks of its callers. Every endpoint says it: what does not is refused to everybody.</summary>
internal static class EndpointAccess
{
    /// <summary>Only callers with this permission (one of <see cref="Permissions"/>) are let in.</summary>
    public static T Requires<T>(this T endpoint, string permission)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new RequiredPermission(permission));

    /// <summary>Anybody who is signed in is let in: for what concerns himself.</summary>
    public static T RequiresSignIn<T>(this T endpoint)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new RequiredPermission(null));

    /// <summary>Everybody is let in: for what tells and changes nothing that is anybody's, or checks its callers by itself.</summary>
    public static T OpenToEverybody<T>(this T endpoint)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new OpenEndpoint());
}

/// <summary>An endpoint only for callers who may do this; null for all who are signed in.</summary>
internal sealed record RequiredPermission(string? Permission);

/// <summary>An endpoint for everybody.</summary>
internal sealed record OpenEndpoint;

/// <summary>Refuses strangers, and callers without the permission an endpoint names, before anything of their request is read.</summary>
internal sealed class CallerRequirement(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        // Routing has endpoints of its own that answer 405 and 415: those have no route.
        if (context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<OpenEndpoint>() is not null)
        {
            return next(context);
        }

        if (context.User.Identity?.IsAuthenticated is not true)
        {
            return Results.Problem("Nobody is signed in. Call from the machine the server runs on.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
        }

        return endpoint.Metadata.GetMetadata<RequiredPermission>() switch
        {
            { Permission: null } => next(context),
            { Permission: { } permission } when context.User.May(permission) => next(context),
            { Permission: { } permission } => Refuse(context, $"This needs the permission {permission}, which {context.User.Identity.Name} does not have. Ask an administrator for a role that grants it."),
            null => Refuse(context, "This endpoint does not say whom it is for, so it is for nobody."),
        };
    }

    private static Task Refuse(HttpContext context, string why) => Results.Problem(why, statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
