using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>What a story asks of a connection, held against what the connection allows: less is given, more is refused.</summary>
internal static class Narrow
{
    private const int Shortest = 900;

    /// <summary>A session that may do nothing, for checks.</summary>
    private const string DenyAll = """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}""";

    /// <summary>The exchange for AWS credentials.</summary>
    /// <exception cref="FederationException">It would be more than the connection allows.</exception>
    public static ExchangeKey Aws(ConnectionDefinition connection, in AwsNarrowing wanted, ConnectionUser user)
    {
        var options = connection.Options;
        if (!options.IsKind(ConnectionKinds.AwsRole))
        {
            return wanted is { DurationSeconds: null, SessionPolicy: null or "", SessionName: null or "" }
                ? ExchangeKey.AwsSource(connection)
                : throw Wrong(connection, $"kind {connection.Kind!.Name} gives credentials as they are, which cannot be narrowed", "Leave duration, session policy and session name out, or assume a role with the credentials.");
        }

        var longest = Longest(options);
        if (wanted.DurationSeconds is { } seconds && (seconds < Shortest || seconds > longest))
        {
            throw Wrong(
                connection,
                $"a session of {seconds} seconds is asked for",
                $"Give {Shortest} to {longest}, or none for {longest}; an administrator can raise {ConnectionAccess.Key(connection, nameof(options.MaxDuration))}.");
        }

        if (!string.IsNullOrWhiteSpace(wanted.SessionPolicy) && !string.IsNullOrWhiteSpace(options.SessionPolicy))
        {
            throw Wrong(connection, "a session policy is given, and the connection has one of its own", "Leave the story's out: it would take the place of the administrator's.");
        }

        if (!string.IsNullOrWhiteSpace(wanted.SessionName))
        {
            if (!string.IsNullOrWhiteSpace(options.SessionName))
            {
                throw Wrong(connection, "a session name is given, and the connection names its sessions itself", "Leave the story's out.");
            }

            if (!RoleSessionName.IsValid(wanted.SessionName))
            {
                throw Wrong(connection, "the session name is not valid", $"Give {RoleSessionName.MinLength} to {RoleSessionName.MaxLength} of the characters A-Z a-z 0-9 + = , . @ _ -, or none.");
            }
        }

        return ExchangeKey.AwsRole(
            connection,
            wanted.DurationSeconds ?? longest,
            string.IsNullOrWhiteSpace(wanted.SessionPolicy) ? Given(options.SessionPolicy) : wanted.SessionPolicy,
            string.IsNullOrWhiteSpace(wanted.SessionName) ? SessionName.From(options.SessionName, connection.Name, user.Story, user.Run) : wanted.SessionName);
    }

    /// <summary>The exchange that shows whether there are credentials, and gives none that can do anything.</summary>
    public static ExchangeKey Check(ConnectionDefinition connection) => !connection.Options.IsKind(ConnectionKinds.AwsRole) ? ExchangeKey.AwsSource(connection)
        : ExchangeKey.AwsRole(connection, Shortest, DenyAll, SessionName.From("check-{connection}", connection.Name, null, null));

    public static FederationException Scope(ConnectionDefinition connection, string scope) => Wrong(
        connection,
        $"the scope '{CloudText.Message(scope)}' is asked for, which it does not allow",
        $"Ask for some of its scopes only: {string.Join(' ', connection.Options.Scopes)}.");

    private static int Longest(ConnectionOptions options) => (int)(options.MaxDuration ?? ConnectionRules.LongestChained).TotalSeconds;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static FederationException Wrong(ConnectionDefinition connection, string detail, string advice) =>
        Failure.Input(connection.Kind!.Cloud, CredentialJson.Service, $"connection '{connection.Name}'", detail, advice);
}
