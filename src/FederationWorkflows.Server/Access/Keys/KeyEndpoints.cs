using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Access.Keys;

/// <summary>The caller's API keys, and everybody's for who manages users.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder api)
    {
        api.MapGet("/keys", ListAsync).Answers<Listed<KeyFacts>>().RequiresSignIn();
        api.MapPost("/keys", CreateAsync).Answers<KeyMade>(StatusCodes.Status201Created).RequiresSignIn().WritesAudit("api-key.create");
        api.MapDelete("/keys/{id}", RevokeAsync).Answers(StatusCodes.Status204NoContent).RequiresSignIn().WritesAudit("api-key.revoke");
    }

    private static async Task<IResult> ListAsync(bool? all, HttpContext context, ApiKeys keys, UserDirectory users, CancellationToken cancellationToken)
    {
        if (all is true && !context.User.May(Permissions.UsersManage))
        {
            return Results.Problem($"Everybody's keys are for callers with the permission {Permissions.UsersManage}.", statusCode: StatusCodes.Status403Forbidden);
        }

        var uses = await keys.LastUsesAsync(cancellationToken);
        var names = all is true ? (await users.ListAsync(cancellationToken)).ToDictionary(user => user.Id, user => user.Name) : [];
        var own = context.User.UserId();
        return Results.Json(
            new
            {
                Items = (await keys.ListAsync(cancellationToken))
                    .Where(key => all is true || key.OwnerId == own)
                    .Select(key => Describe(key, uses.TryGetValue(key.Id, out var used) ? used : null, names.GetValueOrDefault(key.OwnerId))),
            },
            ManagementApi.Json);
    }

    private static async Task<IResult> CreateAsync(NewKey request, HttpContext context, ApiKeys keys)
    {
        var (key, text) = await keys.CreateAsync(context, request.Name, request.Scopes, request.ExpiresInDays ?? 90);
        return Results.Json(new { key.Id, key.Name, key.Scopes, key.CreatedAt, key.ExpiresAt, Key = text }, ManagementApi.Json, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext context, ApiKeys keys) =>
        await keys.RevokeAsync(context, id) ? Results.NoContent() : Results.Problem($"You have no key '{id}'.", statusCode: StatusCodes.Status404NotFound);

    private static object Describe(ApiKey key, DateTimeOffset? usedAt, string? owner) =>
        new { key.Id, key.Name, key.OwnerId, Owner = owner, key.Scopes, key.CreatedAt, key.ExpiresAt, LastUsedAt = usedAt };

    internal sealed record NewKey(string? Name, string[]? Scopes, int? ExpiresInDays);
}
