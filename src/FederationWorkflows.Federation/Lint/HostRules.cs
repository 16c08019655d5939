using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Looks through what is this product's own: connections in a host's configuration, and stories.</summary>
internal static partial class HostRules
{
    // Inputs that decide whose rights a run gets. What the sender of a webhook writes must not be one.
    private static readonly string[] IdentityInputs = ["connection", "roleArn", "serviceAccount", "audience", "delegates", "provider", "scopes"];

    // Of activities that end in an identity; an audience elsewhere is something else.
    private static readonly string[] CloudActivities = ["Google.", "Aws.", "Kubernetes."];

    public static void CheckConnections(LintDocument document, LintNode federation)
    {
        foreach (var (name, connection) in federation.Setting("Connections")?.Properties ?? [])
        {
            if (connection.Setting("Kind") is { Text: { } text } kind)
            {
                CheckKind(document, name, text, kind.Path);
            }

            if (connection.Setting("Json") is { Text.Length: > 0 } json)
            {
                document.Report(LintRules.SecretInFile, json.Path, $"The credential of connection {name} stands in the configuration.");
            }

            CheckStories(document, name, connection);
            CheckMaximum(document, name, connection.Setting("MaxDuration"));
        }
    }

    public static void CheckStory(LintDocument document, LintNode story)
    {
        foreach (var secret in Texts(story).Where(static node => Secret().IsMatch(node.Text!)))
        {
            document.Report(LintRules.SecretInFile, secret.Path, "A key or token stands in the story.", "Take it out and revoke it; a story uses a connection or a secret of the server.");
        }

        CheckActivities(document, story.Child("root") ?? story);
    }

    private static void CheckKind(LintDocument document, string name, string kind, string path)
    {
        switch (ConnectionKinds.Find(kind)?.Name)
        {
            case ConnectionKinds.ServiceAccountKey:
                document.Report(LintRules.GoogleKey, path, $"The connection {name} is a service account key.");
                break;
            case ConnectionKinds.AuthorizedUser:
                document.Report(LintRules.PersonalLogin, path, $"The connection {name} is a person's login.");
                break;
            case ConnectionKinds.ApplicationDefault or ConnectionKinds.AwsDefault:
                document.Report(LintRules.AmbientIdentity, path, $"The connection {name} is whatever identity the host finds first.");
                break;
        }
    }

    private static void CheckStories(LintDocument document, string name, LintNode connection)
    {
        var stories = connection.Setting("Stories");
        if (stories is { } given && (given.Text == ConnectionAccess.EveryStory || given.Items.Any(static story => story.Text == ConnectionAccess.EveryStory)))
        {
            document.Report(LintRules.ConnectionForAll, given.Path, $"Every story may use the connection {name}.");
        }
        else if (stories is not { } listed || (string.IsNullOrEmpty(listed.Text) && !listed.Items.Any()))
        {
            document.Report(LintRules.ConnectionForNone, connection.Path, $"No story may use the connection {name}.");
        }
    }

    private static void CheckActivities(LintDocument document, LintNode activity)
    {
        var type = activity.Child("type")?.Text ?? "";
        if (CloudActivities.Any(prefix => type.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var (name, input) in activity.Properties.Where(static property => IdentityInputs.Contains(property.Name)))
            {
                if (Expression(input) is { Type: "CEL" or "Template", Value: { Text: { } text } value } && Trigger().IsMatch(text))
                {
                    document.Report(LintRules.CallerChooses, value.Path, $"{name} of {activity.Child("id")?.Text} comes from what started the story.");
                }
            }

            foreach (var name in new[] { "durationSeconds", "lifetimeSeconds" })
            {
                if (activity.Child(name) is { } duration && Expression(duration) is { Type: "Literal" } literal)
                {
                    TrustPolicyRules.CheckDuration(document, literal.Value);
                }
            }
        }

        foreach (var (_, node) in activity.Properties)
        {
            foreach (var nested in node.Items.Where(static item => item.Child("type") is not null))
            {
                CheckActivities(document, nested);
            }

            if (node.Child("type") is not null && node.Child("id") is not null)
            {
                CheckActivities(document, node);
            }
        }
    }

    private static (string? Type, LintNode Value)? Expression(LintNode input) =>
        input.Child("expression") is { } expression && expression.Child("value") is { } value ? (expression.Child("type")?.Text, value) : null;

    private static void CheckMaximum(LintDocument document, string name, LintNode? maximum)
    {
        if (maximum is { Text: { } text } node && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration) && duration > TimeSpan.FromHours(1))
        {
            document.Report(
                duration > TimeSpan.FromHours(4) ? LintRules.SessionFarTooLong : LintRules.SessionTooLong, node.Path, $"Sessions of connection {name} may last {duration:c}.");
        }
    }

    private static IEnumerable<LintNode> Texts(LintNode node)
    {
        if (node.Value.ValueKind == JsonValueKind.String)
        {
            return [node];
        }

        return node.Items.Concat(node.Properties.Select(static property => property.Node)).SelectMany(Texts);
    }

    // Access key ids of users (AKIA), private keys, Google's API keys and refresh tokens.
    [GeneratedRegex(@"\bAKIA[A-Z0-9]{16}\b|-----BEGIN[A-Z ]* PRIVATE KEY-----|\bAIza[A-Za-z0-9_-]{35}|\b1//0[A-Za-z0-9_-]{20,}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Secret();

    [GeneratedRegex(@"\btrigger\b", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Trigger();
}
