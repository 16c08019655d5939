using System.Text.Json;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Cli.Explain;

/// <summary>The trust policy of a role, from whichever file has it.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="AccountId">The role's account; null when neither the file nor the command says.</param>
internal sealed record TrustPolicySource(PolicyDocument Policy, string? AccountId)
{
    /// <summary>Reads a policy, what <c>aws iam get-role</c> or <c>list-roles</c> prints, or a world file.</summary>
    /// <exception cref="CommandException">It cannot be read, or has no such role.</exception>
    public static async Task<TrustPolicySource> ReadAsync(string file, string? roleArn, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            text = await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The trust policy cannot be read: {e.Message}");
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("aws", out _))
            {
                return Of(LabWorld.Parse(text), roleArn);
            }

            var policy = root.ValueKind == JsonValueKind.Object && (root.TryGetProperty("Role", out _) || root.TryGetProperty("Roles", out _)) ? OfAwsCli(root, ref roleArn) : text;
            var parsed = PolicyDocument.Parse(policy, PolicyKind.Trust);
            return new TrustPolicySource(parsed, AccountOf(roleArn) ?? parsed.Statements.SelectMany(static statement => statement.Principals!.Entries).Select(static entry => AccountOf(entry.Value)).FirstOrDefault(static account => account is not null));
        }
        catch (JsonException e)
        {
            throw new CommandException($"{file}({e.LineNumber + 1},{e.BytePositionInLine + 1}): this is not valid JSON.");
        }
        catch (Exception e) when (e is PolicyFormatException or WorldFormatException)
        {
            throw new CommandException($"{file}: {e.Message}");
        }
    }

    /// <summary>The policy of a role in a world.</summary>
    /// <exception cref="CommandException">No role is given, or the world has none of that ARN.</exception>
    public static TrustPolicySource Of(LabWorld world, string? roleArn)
    {
        var roles = world.Aws.Accounts.SelectMany(static account => account.Roles.Select(role => (Arn: $"arn:aws:iam::{account.Id}:role{role.Path}{role.Name}", Role: role))).ToDictionary();
        return roleArn is not null && roles.TryGetValue(roleArn, out var declared)
            ? new TrustPolicySource(PolicyDocument.Parse(declared.TrustPolicy.GetRawText(), PolicyKind.Trust), AccountOf(roleArn))
            : throw new CommandException($"{(roleArn is null ? "Give --role" : $"The world has no role {roleArn}")}. It has {string.Join(", ", roles.Keys)}.");
    }

    private static string OfAwsCli(JsonElement root, ref string? roleArn)
    {
        var wanted = roleArn;
        var roles = root.TryGetProperty("Role", out var one) ? [one] : root.GetProperty("Roles").EnumerateArray().ToArray();
        var role = roles is [var only] && wanted is null ? only
            : Array.Find(roles, role => wanted is not null && role.TryGetProperty("Arn", out var arn) && arn.ValueEquals(wanted)) is { ValueKind: JsonValueKind.Object } found ? found
            : throw new CommandException(wanted is null ? "The file has several roles: give --role." : $"The file has no role {wanted}.");
        roleArn = role.TryGetProperty("Arn", out var its) ? its.GetString() : wanted;
        return role.TryGetProperty("AssumeRolePolicyDocument", out var policy) ? policy.GetRawText() : throw new CommandException("The role in the file has no AssumeRolePolicyDocument.");
    }

    private static string? AccountOf(string? arn) =>
        arn?.Split(':') is ["arn", _, "iam", _, { Length: 12 } account, ..] && account.All(char.IsAsciiDigit) ? account : null;
}
