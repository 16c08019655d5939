using System.Text.Json;
using FederationWorkflows.CloudLab;

namespace FederationWorkflows.Cli.Explain;

/// <summary>A step of a story that assumes a role, with the token that the story will have for it, as far as the file tells.</summary>
/// <param name="Activity">The step's id.</param>
/// <param name="RoleArn">The role; null when it is computed.</param>
/// <param name="Audience">The token's audience; null when it is computed.</param>
/// <param name="ServiceAccount">The service account the token speaks of; null when it is computed or the connection's own.</param>
/// <param name="HasEmail">Whether the token has the account's address.</param>
/// <param name="UsesEmailAzp">Whether its <c>azp</c> is the address.</param>
internal sealed record StoryToken(string Activity, string? RoleArn, string? Audience, string? ServiceAccount, bool HasEmail, bool UsesEmailAzp);

/// <summary>Reads from a story which tokens it takes to which roles. Nothing is run.</summary>
internal static class StoryTokens
{
    private const string ClusterToken = "Kubernetes.GetServiceAccountToken";

    /// <exception cref="CommandException">It cannot be read.</exception>
    public static async Task<IReadOnlyList<StoryToken>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(await File.ReadAllTextAsync(file, cancellationToken));
            var variables = Children(document.RootElement, "variables")
                .Where(static variable => Text(variable, "name") is not null)
                .ToDictionary(static variable => Text(variable, "name")!, static variable => Text(variable, "value"));
            var activities = document.RootElement.TryGetProperty("root", out var root) ? Activities(root).ToList() : [];
            return
            [
                .. activities.Where(static activity => Text(activity, "type") == "Aws.AssumeRoleWithWebIdentity").Select(assume =>
                {
                    var source = VariableOf(assume, "webIdentityToken") is { } variable
                        ? activities.Find(activity => IsTokenSource(Text(activity, "type")) && ResultOf(activity) == variable)
                        : default;
                    if (source.ValueKind == JsonValueKind.Object && Text(source, "type") == ClusterToken)
                    {
                        throw new CommandException($"The token of step {Text(assume, "id")} is a cluster's, of which the story tells nothing: give the token itself, with --token-file.");
                    }

                    return new StoryToken(
                        Text(assume, "id") ?? "?",
                        Value(assume, "roleArn", variables),
                        source.ValueKind == JsonValueKind.Object ? Value(source, "audience", variables) : null,
                        source.ValueKind == JsonValueKind.Object ? Value(source, "serviceAccount", variables) : null,
                        source.ValueKind != JsonValueKind.Object || (Value(source, "includeEmail", variables) is null or "true" && Value(source, "format", variables) != "Standard"),
                        source.ValueKind == JsonValueKind.Object && Value(source, "useEmailAzp", variables) == "true");
                }),
            ];
        }
        catch (JsonException e)
        {
            throw new CommandException($"{file}({e.LineNumber + 1},{e.BytePositionInLine + 1}): the story is not valid JSON.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The story cannot be read: {e.Message}");
        }
    }

    /// <summary>The numeric id of a service account in a world; null when it does not say.</summary>
    public static string? UniqueIdOf(LabWorld world, string address) => world.Google.Projects
        .SelectMany(static project => project.ServiceAccounts.Select(account => (Address: account.Email ?? $"{account.Name}@{project.Id}.iam.gserviceaccount.com", account.UniqueId)))
        .FirstOrDefault(account => account.Address == address).UniqueId;

    private static IEnumerable<JsonElement> Activities(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                return element.EnumerateArray().SelectMany(Activities);
            case JsonValueKind.Object:
                var nested = element.EnumerateObject().SelectMany(static property => Activities(property.Value));
                return Text(element, "type") is not null && Text(element, "id") is not null ? nested.Prepend(element) : nested;
            default:
                return [];
        }
    }

    private static bool IsTokenSource(string? type) => type == ClusterToken || type?.StartsWith("Google.", StringComparison.Ordinal) == true;

    private static string? Value(JsonElement activity, string input, Dictionary<string, string?> variables) => Expression(activity, input) switch
    {
        ("Literal", var value) => value,
        ("Variable", { } name) => variables.GetValueOrDefault(name),
        _ => null,
    };

    private static string? VariableOf(JsonElement activity, string input) => Expression(activity, input) is ("Variable", { } name) ? name : null;

    private static (string? Type, string? Value) Expression(JsonElement activity, string input) =>
        activity.TryGetProperty(input, out var wrapped) && wrapped.ValueKind == JsonValueKind.Object && wrapped.TryGetProperty("expression", out var expression)
            ? (Text(expression, "type"), Text(expression, "value"))
            : default;

    private static string? ResultOf(JsonElement activity) =>
        activity.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Object && result.TryGetProperty("memoryReference", out var reference) ? Text(reference, "id") : null;

    private static JsonElement.ArrayEnumerator Children(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.True => "true", JsonValueKind.False => "false", _ => null }
            : null;
}
