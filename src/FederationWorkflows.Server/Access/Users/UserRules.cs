using System.Text.RegularExpressions;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>What names, passwords and roles must be like. Each check says what is wrong, or null.</summary>
internal static partial class UserRules
{
    public const int LongestPassword = 256;

    private const int ShortestPassword = 12;

    /// <summary>Names that the audit log and runs give to those who are no users.</summary>
    private static readonly string[] Reserved = ["system", "local", "anonymous", "webhook", "schedule"];

    public static string? CheckName(string? name) =>
        name is null || !NamePattern().IsMatch(name) ? "A user's name has 1 to 100 characters: letters, digits, and . _ @ + - are allowed."
        : Reserved.Contains(name, StringComparer.OrdinalIgnoreCase) ? $"'{name}' is what the server calls somebody else. Choose another name."
        : null;

    public static string? CheckPassword(string name, string? password) =>
        password is null || password.Length < ShortestPassword ? $"A password has at least {ShortestPassword} characters. A few words that nobody would guess are easy to remember."
        : password.Length > LongestPassword ? $"A password has at most {LongestPassword} characters."
        : password.Contains(name, StringComparison.OrdinalIgnoreCase) && name.Length > 3 ? "The password must not contain the user's name."
        : password.Distinct().Count() < 4 ? "The password repeats the same few characters. Choose another."
        : null;

    public static string? CheckRoles(IReadOnlyCollection<string>? roles) =>
        roles is null || roles.Count == 0 ? $"Give at least one role: {string.Join(", ", Roles.All)}."
        : roles.FirstOrDefault(role => !Roles.All.Contains(role, StringComparer.Ordinal)) is { } unknown ? $"There is no role '{unknown}'. Use: {string.Join(", ", Roles.All)}."
        : null;

    [GeneratedRegex(@"\A[\p{L}\p{N}._@+-]{1,100}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
