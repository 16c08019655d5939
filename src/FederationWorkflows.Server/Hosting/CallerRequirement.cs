namespace FederationWorkflows.Server.Hosting;

/// <summary>Marks endpoints that only somebody who is signed in may call. Until people can sign in, that is the administrator on the server's own machine.</summary>
internal sealed class RequiresCaller;

/// <summary>Refuses strangers before anything of their request is read.</summary>
internal sealed class CallerRequirement(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RequiresCaller>() is not null && context.User.Identity?.IsAuthenticated is not true
            ? Results.Problem("Nobody is signed in. Call from the machine the server runs on.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context)
            : next(context);
}
