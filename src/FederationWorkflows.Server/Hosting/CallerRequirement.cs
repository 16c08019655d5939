namespace FederationWorkflows.Server.Hosting;

/// <summary>Who may call the endpoints of a group.</summary>
internal static class CallerRequirement
{
    /// <summary>Only who is signed in. Until people can sign in, that is the administrator on the server's own machine.</summary>
    public static RouteGroupBuilder RequireCaller(this RouteGroupBuilder group) => group.AddEndpointFilter(RequireCallerAsync);

    private static async ValueTask<object?> RequireCallerAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.User.Identity?.IsAuthenticated is true
            ? await next(context)
            : Results.Problem("Nobody is signed in. Call from the machine the server runs on.", statusCode: StatusCodes.Status401Unauthorized);
}
