using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Pages;

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
            return IsForPerson(context.Request) ? Task.FromResult(LeadToSignIn(context)) : RefuseStranger(context);
        }

        return endpoint.Metadata.GetMetadata<RequiredPermission>() switch
        {
            { Permission: null } => next(context),
            { Permission: { } permission } when context.User.May(permission) => next(context),
            { Permission: { } permission } when context.User.HasClaim(claim => claim.Type == AccessClaims.Scope) && !context.User.HasClaim(AccessClaims.Scope, permission) =>
                Refuse(context, $"This needs the permission {permission}, which is not among the scopes of the API key. Make a key with that scope."),
            { Permission: { } permission } => Refuse(context, $"This needs the permission {permission}, which {context.User.Identity.Name} does not have. Ask an administrator for a role that grants it."),
            null => Refuse(context, "This endpoint does not say whom it is for, so it is for nobody."),
        };
    }

    /// <summary>Somebody looks at a page, and no program calls the API.</summary>
    public static bool IsForPerson(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        && !request.Path.StartsWithSegments("/api")
        && !request.Path.StartsWithSegments("/elsa")
        && !request.Path.StartsWithSegments("/openapi");

    private static bool LeadToSignIn(HttpContext context)
    {
        var back = Uri.EscapeDataString(context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent());
        context.Response.Redirect($"{context.Request.PathBase.ToUriComponent()}/sign-in?returnUrl={back}");
        return true;
    }

    private static Task RefuseStranger(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = ApiKeyAuthenticator.Scheme;
        var why = ApiKeyAuthenticator.Brings(context.Request.Headers.Authorization.ToString())
            ? "The API key does not count: it is wrong, expired or revoked, or its owner may not sign in any more. Make another one on the page 'account', or with: fedflow login"
            : "Nobody is signed in. Send an API key (Authorization: ApiKey ...), which is made on the page 'account' or by fedflow login, or sign in on the page 'sign-in'.";
        return Results.Problem(why, statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    private static Task Refuse(HttpContext context, string why) => IsForPerson(context.Request)
        ? PageResult.Of<ProblemPage>(context, new { Caller = context.User, Heading = "Not for you", Detail = why }, StatusCodes.Status403Forbidden).ExecuteAsync(context)
        : Results.Problem(why, statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context);
}
