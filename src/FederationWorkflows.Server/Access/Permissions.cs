using System.Collections.Frozen;
using System.Security.Claims;

namespace FederationWorkflows.Server.Access;

/// <summary>What a caller may be allowed to do. Roles grant permissions; an API key's scopes are permissions, too, and narrow what its owner's roles grant.</summary>
internal static class Permissions
{
    /// <summary>See stories and their versions, and what stories can be made of.</summary>
    public const string StoriesRead = "stories:read";

    /// <summary>Change drafts; publish, retract and delete stories.</summary>
    public const string StoriesWrite = "stories:write";

    /// <summary>See runs, their steps and the nodes that drive them.</summary>
    public const string RunsRead = "runs:read";

    /// <summary>Start stories, and try single activities.</summary>
    public const string RunsStart = "runs:start";

    /// <summary>Cancel, retry, repeat, delete, export and import runs; suspend and resume stories; drain nodes.</summary>
    public const string RunsOperate = "runs:operate";

    /// <summary>See and decide what stories ask people.</summary>
    public const string TasksDecide = "tasks:decide";

    /// <summary>See names and states of secrets, never their values, so that stories can name them.</summary>
    public const string SecretsRead = "secrets:read";

    /// <summary>Create, rotate, revoke and delete secrets.</summary>
    public const string SecretsWrite = "secrets:write";

    /// <summary>See which connections there are, what they reach and who may use them.</summary>
    public const string ConnectionsRead = "connections:read";

    /// <summary>Try whether a connection works, which asks its cloud.</summary>
    public const string ConnectionsCheck = "connections:check";

    /// <summary>Read the audit log.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>Manage users, their roles, and everybody's API keys.</summary>
    public const string UsersManage = "users:manage";

    /// <summary>All of them.</summary>
    public static FrozenSet<string> All { get; } =
        FrozenSet.Create(StringComparer.Ordinal, StoriesRead, StoriesWrite, RunsRead, RunsStart, RunsOperate, TasksDecide, SecretsRead, SecretsWrite, ConnectionsRead, ConnectionsCheck, AuditRead, UsersManage);

    /// <summary>True when one of the caller's roles grants it, and the key he comes with, if any, does not leave it out.</summary>
    public static bool May(this ClaimsPrincipal caller, string permission) =>
        caller.Identity?.IsAuthenticated is true
        && caller.FindAll(ClaimTypes.Role).Any(role => Roles.Grants(role.Value, permission))
        && (!caller.HasClaim(claim => claim.Type == AccessClaims.Scope) || caller.HasClaim(AccessClaims.Scope, permission));
}

/// <summary>The roles a user can have, one or several.</summary>
internal static class Roles
{
    /// <summary>Sees stories and runs.</summary>
    public const string Viewer = "viewer";

    /// <summary>Draws, publishes and tries stories.</summary>
    public const string Author = "author";

    /// <summary>Starts, cancels and repeats runs, and decides what stories ask.</summary>
    public const string Operator = "operator";

    /// <summary>May do everything.</summary>
    public const string Administrator = "administrator";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Granted = new Dictionary<string, FrozenSet<string>>
    {
        [Viewer] = FrozenSet.Create(StringComparer.Ordinal, Permissions.StoriesRead, Permissions.RunsRead),
        [Author] = FrozenSet.Create(StringComparer.Ordinal, Permissions.StoriesRead, Permissions.StoriesWrite, Permissions.RunsRead, Permissions.RunsStart, Permissions.SecretsRead, Permissions.ConnectionsRead),
        [Operator] = FrozenSet.Create(StringComparer.Ordinal, Permissions.StoriesRead, Permissions.RunsRead, Permissions.RunsStart, Permissions.RunsOperate, Permissions.TasksDecide, Permissions.ConnectionsRead),
        [Administrator] = Permissions.All,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> All { get; } = [Viewer, Author, Operator, Administrator];

    /// <summary>True when the role grants the permission; false for a role nobody knows.</summary>
    public static bool Grants(string role, string permission) => Granted.TryGetValue(role, out var permissions) && permissions.Contains(permission);
}

/// <summary>Claims of our own that a signed-in caller may carry.</summary>
internal static class AccessClaims
{
    /// <summary>One permission of the API key the caller comes with; a caller with any of these has no other permission.</summary>
    public const string Scope = "scope";

    /// <summary>The id of the API key the caller comes with.</summary>
    public const string Key = "key";
}
