using System.Security.Claims;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Management;
using Microsoft.AspNetCore.Mvc;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Access;

/// <summary>Signing in and out for programs, and what the caller is told about himself.</summary>
internal static class OwnAccountEndpoints
{
    /// <summary>Everybody may send these: as small as the forms of the pages.</summary>
    private static readonly RequestSizeLimitAttribute Small = new(64 * 1024);

    public static void MapOwnAccount(this IEndpointRouteBuilder api)
    {
        api.MapPost("/sign-in", SignInAsync).Answers<CallerFacts>().OpenToEverybody().WithMetadata(Small);
        api.MapPost("/set-up", SetUpAsync).Answers<CallerFacts>(StatusCodes.Status201Created).OpenToEverybody().WithMetadata(Small);
        api.MapPost("/sign-out", SignOutAsync).Answers(StatusCodes.Status204NoContent).RequiresSignIn().WritesAudit("session.end");
        api.MapGet("/me", Me).Answers<CallerFacts>().RequiresSignIn();
        api.MapPut("/me/password", ChangePasswordAsync).Answers(StatusCodes.Status204NoContent).RequiresSignIn().WritesAudit("user.password");
    }

    private static async Task<IResult> SignInAsync(Credentials credentials, HttpContext context, PasswordSignIn signIn)
    {
        // Signing somebody in by another site's page would let him work as its author without noticing.
        if (SameOrigin.IsFromAnotherSite(context.Request))
        {
            return Results.Problem("A page of another site may not sign anybody in here.", statusCode: StatusCodes.Status403Forbidden);
        }

        var result = await signIn.SignInAsync(context, credentials.Name, credentials.Password);
        if (result.Wait is { } wait)
        {
            context.Response.TellRetryAfter(wait);
            return Results.Problem(result.Problem, statusCode: StatusCodes.Status429TooManyRequests);
        }

        return result.User is { } user
            ? Results.Json(Describe(user.ToCaller(SessionCookie.Scheme)), ManagementApi.Json)
            : Results.Problem(result.Problem, statusCode: StatusCodes.Status401Unauthorized);
    }

    private static async Task<IResult> SetUpAsync(FirstUser first, HttpContext context, SetUp setUp, UserAdministration administration)
    {
        RefusedException.ThrowIf(UserRules.CheckName(first.Name));
        if (!await setUp.IsValidAsync(first.Token, context.RequestAborted))
        {
            return Results.Problem("The set-up link is over: it works once, for 24 hours, and only while there is no administrator.", statusCode: StatusCodes.Status404NotFound);
        }

        var user = await administration.CreateFirstAsync(context, first.Name, first.Password);
        await setUp.EndAsync(context.RequestAborted);
        await SessionCookie.BeginAsync(context, user);
        return Results.Json(Describe(user.ToCaller(SessionCookie.Scheme)), ManagementApi.Json, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, AuditLog audit)
    {
        await SessionCookie.EndAsync(context);
        await audit.WriteAsync(context, "session.end", context.User.Identity?.Name ?? "");
        return Results.NoContent();
    }

    private static IResult Me(HttpContext context) => Results.Json(Describe(context.User), ManagementApi.Json);

    private static async Task<IResult> ChangePasswordAsync(PasswordChange change, HttpContext context, UserDirectory users, UserAdministration administration)
    {
        if (context.User.UserId() is not { } id || await users.FindAsync(id, context.RequestAborted) is not { } user || context.User.HasClaim(claim => claim.Type == AccessClaims.Key))
        {
            return Results.Problem("A password is changed by the user himself, in a session.", statusCode: StatusCodes.Status403Forbidden);
        }

        user = await administration.ChangeOwnPasswordAsync(context, user, change.OldPassword, change.NewPassword);
        await SessionCookie.BeginAsync(context, user);
        return Results.NoContent();
    }

    private static object Describe(ClaimsPrincipal caller) => new
    {
        Id = caller.UserId(),
        caller.Identity?.Name,
        SignedInBy = caller.Identity?.AuthenticationType,
        Roles = caller.FindAll(ClaimTypes.Role).Select(role => role.Value),
        Permissions = Permissions.All.Where(caller.May).Order(StringComparer.Ordinal),
    };

    internal sealed record FirstUser(string? Token, string? Name, string? Password);

    internal sealed record Credentials(string? Name, string? Password);

    internal sealed record PasswordChange(string? OldPassword, string? NewPassword);
}
