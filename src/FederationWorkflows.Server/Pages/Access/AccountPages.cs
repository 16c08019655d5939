using System.Globalization;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Hosting;

namespace FederationWorkflows.Server.Pages.Access;

/// <summary>What is a person's own: password and API keys.</summary>
internal static class AccountPages
{
    public static void MapAccountPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/account", (HttpContext context, UserDirectory users, ApiKeys keys, bool? changed) =>
            PageAsync(context, users, keys, done: changed is true ? "Your password is changed. Other sessions of yours have ended." : null)).RequiresSignIn();
        pages.MapPost("/account/password", ChangePasswordAsync).RequiresSignIn().WritesAudit("user.password");
        pages.MapPost("/account/keys", CreateKeyAsync).RequiresSignIn().WritesAudit("api-key.create");
        pages.MapPost("/account/keys/{id}/revoke", RevokeKeyAsync).RequiresSignIn().WritesAudit("api-key.revoke");
    }

    private static async Task<IResult> ChangePasswordAsync(IFormCollection form, HttpContext context, UserDirectory users, ApiKeys keys, UserAdministration administration)
    {
        try
        {
            var user = context.User.UserId() is { } id && context.User.KeyId() is null ? await users.FindAsync(id, context.RequestAborted) : null;
            if (user is null)
            {
                throw new RefusedException("You are no user of this server, so you have no password here.");
            }

            RefusedException.ThrowIf(form["password"] == form["repeated"] ? null : "The two new passwords are not the same.");
            user = await administration.ChangeOwnPasswordAsync(context, user, form["old"].ToString(), form["password"].ToString());
            await SessionCookie.BeginAsync(context, user);
            return PageResult.SeeOther(context, "account?changed=true");
        }
        catch (RefusedException e)
        {
            if (e.Wait is { } wait)
            {
                context.Response.TellRetryAfter(wait);
            }

            return await PageAsync(context, users, keys, problem: e.Message, refusal: e.Wait is null ? StatusCodes.Status400BadRequest : StatusCodes.Status429TooManyRequests);
        }
    }

    /// <summary>Answers with the page itself: the key is shown once, and no address may lead to it.</summary>
    private static async Task<IResult> CreateKeyAsync(IFormCollection form, HttpContext context, UserDirectory users, ApiKeys keys)
    {
        try
        {
            var days = int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            var (_, text) = await keys.CreateAsync(context, form["name"].ToString(), [.. form["scopes"].OfType<string>()], days);
            return await PageAsync(context, users, keys, newKey: text);
        }
        catch (RefusedException e)
        {
            return await PageAsync(context, users, keys, problem: e.Message);
        }
    }

    private static async Task<IResult> RevokeKeyAsync(string id, IFormCollection form, HttpContext context, UserDirectory users, ApiKeys keys)
    {
        try
        {
            return await keys.RevokeAsync(context, id)
                ? PageResult.SeeOther(context, "account")
                : await PageAsync(context, users, keys, problem: "There is no such key. It may have been revoked in the meantime.");
        }
        catch (RefusedException e)
        {
            return await PageAsync(context, users, keys, problem: e.Message);
        }
    }

    private static async Task<IResult> PageAsync(HttpContext context, UserDirectory users, ApiKeys keys, string? problem = null, string? done = null, string? newKey = null, int refusal = StatusCodes.Status400BadRequest)
    {
        var user = context.User.UserId() is { } id ? await users.FindAsync(id, context.RequestAborted) : null;
        return PageResult.Of<AccountPage>(
            context,
            new
            {
                Caller = context.User,
                User = user,
                Keys = (await keys.ListAsync(context.RequestAborted)).Where(key => key.OwnerId == user?.Id).ToArray(),
                LastUses = await keys.LastUsesAsync(context.RequestAborted),
                Problem = problem,
                Done = done,
                NewKey = newKey,
            },
            problem is null ? StatusCodes.Status200OK : refusal);
    }
}
