using System.Security.Claims;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Pages.Access;

/// <summary>Where people sign in and out, and where the first of them is made.</summary>
internal static class SignInPages
{
    /// <summary>Everybody may send these forms.</summary>
    private static readonly RequestSizeLimitAttribute Small = new(64 * 1024);

    private static readonly ClaimsPrincipal Nobody = new();

    public static void MapSignInPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/sign-in", ShowSignIn).OpenToEverybody();
        pages.MapPost("/sign-in", SignInAsync).OpenToEverybody().WithMetadata(Small);
        pages.MapPost("/sign-out", SignOutAsync).RequiresSignIn().WritesAudit("session.end");
        pages.MapGet("/set-up", ShowSetUpAsync).OpenToEverybody();
        pages.MapPost("/set-up", SetUpAsync).OpenToEverybody().WithMetadata(Small);
    }

    public static IResult SignInPage(HttpContext context, string? returnUrl, string? name, string? problem, int status) =>
        PageResult.Of<SignInPage>(context, new { Caller = Nobody, ReturnUrl = returnUrl, Name = name, Problem = problem }, status);

    private static IResult ShowSignIn(string? returnUrl, HttpContext context) => context.User.Identity?.IsAuthenticated is true
        ? PageResult.SeeOther(context, LocalAddress.Check(returnUrl))
        : SignInPage(context, returnUrl, null, null, StatusCodes.Status200OK);

    private static async Task<IResult> SignInAsync(IFormCollection form, HttpContext context, PasswordSignIn signIn)
    {
        var (name, returnUrl) = (form["name"].ToString(), form["returnUrl"].ToString());
        var result = await signIn.SignInAsync(context, name, form["password"].ToString());
        return result.User is not null
            ? PageResult.SeeOther(context, LocalAddress.Check(returnUrl))
            : SignInPage(context, returnUrl, name, result.Problem, result.Wait is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status429TooManyRequests);
    }

    private static async Task<IResult> SignOutAsync(IFormCollection form, HttpContext context, AuditLog audit)
    {
        await SessionCookie.EndAsync(context);
        await audit.WriteAsync(context, "session.end", context.User.Identity?.Name ?? "");
        return PageResult.SeeOther(context, "sign-in");
    }

    private static async Task<IResult> ShowSetUpAsync(string? token, HttpContext context, SetUp setUp) =>
        await setUp.IsValidAsync(token, context.RequestAborted)
            ? PageResult.Of<SetUpPage>(context, new { Caller = Nobody, Token = token!, Name = (string?)null, Problem = (string?)null })
            : NoLink(context);

    private static async Task<IResult> SetUpAsync(IFormCollection form, HttpContext context, SetUp setUp, UserAdministration administration)
    {
        var (token, name) = (form["token"].ToString(), form["name"].ToString());
        if (!await setUp.IsValidAsync(token, context.RequestAborted))
        {
            return NoLink(context);
        }

        try
        {
            RefusedException.ThrowIf(form["password"] == form["repeated"] ? null : "The two passwords are not the same.");
            var user = await administration.CreateFirstAsync(context, name, form["password"].ToString());
            await setUp.EndAsync(context.RequestAborted);
            await SessionCookie.BeginAsync(context, user);
            return PageResult.SeeOther(context, "");
        }
        catch (RefusedException e)
        {
            return PageResult.Of<SetUpPage>(context, new { Caller = Nobody, Token = token, Name = name, Problem = e.Message }, StatusCodes.Status400BadRequest);
        }
        catch (DocumentConflictException)
        {
            return PageResult.Of<SetUpPage>(
                context,
                new { Caller = Nobody, Token = token, Name = name, Problem = "Another user has this name, or somebody sets up the server at this moment. Try another name." },
                StatusCodes.Status409Conflict);
        }
    }

    private static IResult NoLink(HttpContext context) => PageResult.Of<ProblemPage>(
        context,
        new { Caller = Nobody, Heading = "This link is over", Detail = "It works once, for 24 hours, and only while there is no administrator. Sign in, or start the server again for a new link: it is in the server's log." },
        StatusCodes.Status404NotFound);
}
