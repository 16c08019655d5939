using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Aws;

/// <summary>STS's rule for RoleSessionName (API reference, AssumeRoleWithWebIdentity): 2 to 64 of <c>[\w+=,.@-]</c>, ASCII only.</summary>
public static partial class RoleSessionName
{
    /// <summary>The shortest name.</summary>
    public const int MinLength = 2;

    /// <summary>The longest name.</summary>
    public const int MaxLength = 64;

    /// <summary>Whether STS takes <paramref name="name"/>.</summary>
    public static bool IsValid(string name) => Form().IsMatch(name);

    /// <summary>A valid name from any text: other characters become <c>-</c>, a long text is cut, a short one is filled with <c>-</c>. A valid name stays as it is.</summary>
    public static string From(string text) => string.Create(
        Math.Clamp(text.Length, MinLength, MaxLength),
        text,
        static (name, source) =>
        {
            for (var index = 0; index < name.Length; index++)
            {
                name[index] = index < source.Length && IsAllowed(source[index]) ? source[index] : '-';
            }
        });

    internal static bool IsAllowed(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '+' or '=' or ',' or '.' or '@' or '-';

    [GeneratedRegex(@"\A[A-Za-z0-9_+=,.@-]{2,64}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
