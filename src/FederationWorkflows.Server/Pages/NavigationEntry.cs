using System.Security.Claims;
using FederationWorkflows.Server.Access;

namespace FederationWorkflows.Server.Pages;

/// <summary>A place in the navigation.</summary>
/// <param name="Section">Its name.</param>
/// <param name="Path">Where it leads, relative to the site.</param>
/// <param name="Permission">Who does not have it does not see the entry.</param>
internal sealed record NavigationEntry(string Section, string Path, string Permission)
{
    private static readonly NavigationEntry[] All =
    [
        new("Stories", "studio/workflows/definitions", Permissions.StoriesRead),
        new("Runs", "studio/workflows/instances", Permissions.RunsRead),
        new("Approvals", "approvals", Permissions.TasksDecide),
        new("Secrets", "secrets", Permissions.SecretsRead),
        new("Federation", "federation", Permissions.ConnectionsRead),
        new("Audit", "audit", Permissions.AuditRead),
        new("Users", "users", Permissions.UsersManage),
    ];

    public static IEnumerable<NavigationEntry> For(ClaimsPrincipal caller) => All.Where(entry => caller.May(entry.Permission));
}
