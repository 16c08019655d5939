using System.Security.Claims;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Users;

namespace FederationWorkflows.Server.Federation;

/// <summary>
/// A story that names a connection is published and started by hand only by people with a role that the connection names. The server itself,
/// which publishes what its administrator put into the folder of stories, and administrators may do both.
/// </summary>
internal sealed class StoryConnections(IConnectionDirectory connections) : IStoryAccess
{
    /// <summary>How the runtime and the server sign in when nobody asked: no user comes so, since every user has an id.</summary>
    private static readonly string[] OfTheServer = ["system", "file"];

    public IEnumerable<DefinitionProblem> Check(ExecutableWorkflow story, ClaimsPrincipal caller)
    {
        if (story.Connections.Count == 0 || IsServer(caller))
        {
            yield break;
        }

        var roles = caller.FindAll(ClaimTypes.Role).Select(role => role.Value).ToArray();
        foreach (var use in story.Connections)
        {
            if (connections.Find(use.Connection) is not { } connection)
            {
                if (!roles.Contains(Roles.Administrator))
                {
                    yield return Problem(use, "unknown-connection", $"There is no connection '{use.Connection}' on this server. An administrator defines it before others publish or start a story that names it; or correct its name.");
                }
            }
            else if (!connection.IsForRoles(roles))
            {
                yield return Problem(
                    use,
                    "connection-not-allowed",
                    $"The connection '{connection.Name}' is for people with the role {string.Join(" or ", connection.Roles.Append(Roles.Administrator).Distinct())}, and {caller.Identity?.Name ?? "the caller"} has {(roles.Length == 0 ? "none" : string.Join(", ", roles))}. "
                        + $"Somebody with such a role publishes and starts the story, or an administrator adds a role to Federation:Connections:{connection.Name}:Roles.");
            }
        }
    }

    /// <summary>What an author should know of the connections that a story names, before its runs are refused.</summary>
    public IEnumerable<DefinitionProblem> Warnings(string definitionId, IEnumerable<ConnectionUse> uses)
    {
        foreach (var use in uses)
        {
            if (connections.Find(use.Connection) is not { } connection)
            {
                yield return Problem(use, "unknown-connection", $"There is no connection '{use.Connection}' on this server. An administrator defines it, or correct its name; until then its runs fail.", ProblemSeverity.Warning);
            }
            else if (!connection.IsFor(definitionId))
            {
                yield return Problem(
                    use,
                    "connection-not-for-story",
                    $"The connection '{connection.Name}' is not for the story '{definitionId}', and its runs will be refused. An administrator adds the story's id to Federation:Connections:{connection.Name}:Stories.",
                    ProblemSeverity.Warning);
            }
        }
    }

    private static DefinitionProblem Problem(ConnectionUse use, string code, string message, ProblemSeverity severity = ProblemSeverity.Error) =>
        new(code, message, use.Path, use.ActivityId, severity);

    private static bool IsServer(ClaimsPrincipal caller) => caller.UserId() is null && OfTheServer.Contains(caller.Identity?.AuthenticationType);
}
