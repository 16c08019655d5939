using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Pages.Access;

/// <summary>The users, for administrators.</summary>
internal static class UserPages
{
    public static void MapUserPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/users", (HttpContext context, UserDirectory users) => PageAsync(context, users, null)).Requires(Permissions.UsersManage);
        pages.MapPost("/users", CreateAsync).Requires(Permissions.UsersManage).WritesAudit("user.create");
        pages.MapPost("/users/{id}", ChangeAsync).Requires(Permissions.UsersManage).WritesAudit("user.change");
        pages.MapPost("/users/{id}/password", ResetPasswordAsync).Requires(Permissions.UsersManage).WritesAudit("user.password");
        pages.MapPost("/users/{id}/delete", DeleteAsync).Requires(Permissions.UsersManage).WritesAudit("user.delete");
    }

    private static Task<IResult> CreateAsync(IFormCollection form, HttpContext context, UserDirectory users, UserAdministration administration) =>
        DoAsync(context, users, async () => await administration.CreateAsync(context, form["name"].ToString(), form["password"].ToString(), RolesOf(form)));

    private static Task<IResult> ChangeAsync(string id, IFormCollection form, HttpContext context, UserDirectory users, UserAdministration administration) =>
        DoAsync(context, users, async () => await administration.ChangeAsync(context, await FindAsync(id, form, users, context), RolesOf(form), form["disabled"] == "on", null));

    private static Task<IResult> ResetPasswordAsync(string id, IFormCollection form, HttpContext context, UserDirectory users, UserAdministration administration) =>
        DoAsync(context, users, async () => await administration.ChangeAsync(context, await FindAsync(id, form, users, context), null, null, form["password"].ToString()));

    private static Task<IResult> DeleteAsync(string id, IFormCollection form, HttpContext context, UserDirectory users, UserAdministration administration, ApiKeys keys) =>
        DoAsync(context, users, async () =>
        {
            await administration.DeleteAsync(context, await FindAsync(id, form, users, context));
            await keys.RevokeOfAsync(context, id);
        });

    private static string[] RolesOf(IFormCollection form) => [.. form["roles"].OfType<string>()];

    /// <summary>The user at the revision the page showed, so that nobody undoes what another did meanwhile.</summary>
    private static async Task<User> FindAsync(string id, IFormCollection form, UserDirectory users, HttpContext context) =>
        await users.FindAsync(id, context.RequestAborted) is { } user && long.TryParse(form["revision"], out var revision)
            ? user with { Revision = revision }
            : throw new RefusedException("There is no such user any more.");

    private static async Task<IResult> DoAsync(HttpContext context, UserDirectory users, Func<Task> act)
    {
        try
        {
            await act();
            return PageResult.SeeOther(context, "users");
        }
        catch (Exception e) when (e is RefusedException or DocumentConflictException)
        {
            return await PageAsync(context, users, e.Message);
        }
    }

    private static async Task<IResult> PageAsync(HttpContext context, UserDirectory users, string? problem) => PageResult.Of<UsersPage>(
        context,
        new { Caller = context.User, Users = await users.ListAsync(context.RequestAborted), Problem = problem },
        problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
}
