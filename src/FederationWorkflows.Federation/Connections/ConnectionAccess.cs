using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Connections;

/// <summary>
/// Who may use a connection. Nobody who is not named may: the story that executes the activity must be listed, by its definition id letter for letter,
/// and everybody through whose hands its run went must have a role that is.
/// </summary>
internal static class ConnectionAccess
{
    /// <summary>In <see cref="ConnectionOptions.Stories"/>: every story.</summary>
    public const string EveryStory = "*";

    /// <summary>The role that may use every connection.</summary>
    public const string Administrator = "administrator";

    /// <summary>Whether somebody may use it.</summary>
    public static bool Allows(ConnectionDefinition connection, ConnectionUser user) =>
        user.IsAdministrator || (connection.IsFor(user.Story!) && user.Hands.All(connection.IsForRoles));

    /// <summary>Refuses who may not use it.</summary>
    /// <exception cref="FederationException"><see cref="FailureCodes.ConnectionNotAllowed"/>, saying what an administrator adds where.</exception>
    public static void Require(ConnectionDefinition connection, ConnectionUser user)
    {
        if (user.IsAdministrator)
        {
            return;
        }

        if (!connection.IsFor(user.Story!))
        {
            throw Refused(
                connection,
                $"story '{CloudText.Message(user.Story)}' may not use it",
                $"An administrator who wants it to adds the story's id to {Key(connection, nameof(ConnectionOptions.Stories))} of the host's configuration.");
        }

        for (var index = 0; index < user.Hands.Count; index++)
        {
            if (!connection.IsForRoles(user.Hands[index]))
            {
                var roles = Hands.RolesOf(user.Hands[index]);
                var have = roles.Length == 0 ? "no role" : $"the role {string.Join(" and ", roles)} only";
                throw Refused(
                    connection,
                    $"the run of story '{CloudText.Message(user.Story)}' was started, or let go on, by hand by somebody who has {have}",
                    $"Somebody with one of the roles of the connection ({RolesOf(connection)}) starts it, or an administrator adds the role to {Key(connection, nameof(ConnectionOptions.Roles))} of the host's configuration.");
            }
        }
    }

    /// <summary>The roles whose people may publish stories that name the connection, and start them by hand.</summary>
    public static string RolesOf(ConnectionDefinition connection) =>
        string.Join(", ", connection.Options.Roles.Append(Administrator).Distinct(StringComparer.OrdinalIgnoreCase));

    /// <summary>The key of a connection's setting.</summary>
    public static string Key(ConnectionDefinition connection, string setting) =>
        $"{FederationOptions.Section}:{nameof(FederationOptions.Connections)}:{connection.Name}:{setting}";

    private static FederationException Refused(ConnectionDefinition connection, string detail, string advice) =>
        Failure.Input(connection.Kind?.Cloud, CredentialJson.Service, $"connection '{connection.Name}'", detail, advice, FailureCodes.ConnectionNotAllowed);
}
