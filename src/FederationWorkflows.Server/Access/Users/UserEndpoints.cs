using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>The users, for administrators.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder api)
    {
        api.MapGet("/users", ListAsync).Answers<Listed<UserFacts>>().Requires(Permissions.UsersManage);
        api.MapPost("/users", CreateAsync).Answers<UserFacts>(StatusCodes.Status201Created).Requires(Permissions.UsersManage).WritesAudit("user.create");
        api.MapGet("/users/{id}", FindAsync).Answers<UserFacts>().Requires(Permissions.UsersManage);
        api.MapPatch("/users/{id}", ChangeAsync).Answers<UserFacts>().Requires(Permissions.UsersManage).WritesAudit("user.change");
        api.MapDelete("/users/{id}", DeleteAsync).Answers(StatusCodes.Status204NoContent).Requires(Permissions.UsersManage).WritesAudit("user.delete");
    }

    private static async Task<IResult> ListAsync(UserDirectory users, CancellationToken cancellationToken) =>
        Results.Json(new { Items = (await users.ListAsync(cancellationToken)).Select(user => user.ToPublic()) }, ManagementApi.Json);

    private static async Task<IResult> CreateAsync(NewUser user, HttpContext context, UserAdministration administration)
    {
        var created = await administration.CreateAsync(context, user.Name, user.Password, user.Roles);
        context.Response.Headers.Location = $"{context.Request.PathBase}/api/users/{created.Id}";
        return Results.Json(created.ToPublic(), ManagementApi.Json, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> FindAsync(string id, UserDirectory users, CancellationToken cancellationToken) =>
        await users.FindAsync(id, cancellationToken) is { } user ? Results.Json(user.ToPublic(), ManagementApi.Json) : NoUser(id);

    private static async Task<IResult> ChangeAsync(string id, UserChange change, HttpContext context, UserDirectory users, UserAdministration administration) =>
        await users.FindAsync(id, context.RequestAborted) is { } user
            ? Results.Json((await administration.ChangeAsync(context, change.Revision is { } revision ? user with { Revision = revision } : user, change.Roles, change.IsDisabled, change.Password)).ToPublic(), ManagementApi.Json)
            : NoUser(id);

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, UserDirectory users, UserAdministration administration, ApiKeys keys)
    {
        if (await users.FindAsync(id, context.RequestAborted) is not { } user)
        {
            return NoUser(id);
        }

        await administration.DeleteAsync(context, user);
        await keys.RevokeOfAsync(context, id);
        return Results.NoContent();
    }

    private static IResult NoUser(string id) => Results.Problem($"There is no user '{id}'. GET /api/users lists them.", statusCode: StatusCodes.Status404NotFound);

    internal sealed record NewUser(string? Name, string? Password, string[]? Roles);

    /// <param name="Roles">His roles from now on; null to leave them.</param>
    /// <param name="IsDisabled">Whether he is kept out; null to leave it.</param>
    /// <param name="Password">His new password; null to leave it.</param>
    /// <param name="Revision">The revision that was read: the change is refused when there is a later one. Null for whatever it is.</param>
    internal sealed record UserChange(string[]? Roles, bool? IsDisabled, string? Password, long? Revision);
}
