using System.Text.RegularExpressions;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation;

/// <summary>
/// Makes a text that a cloud sent fit to show: bounded, on one line, and without the secrets of the call,
/// which a proxy, a stand-in or an attacker may echo.
/// </summary>
internal static partial class CloudText
{
    private const int MaxMessage = 1000;
    private const int MaxCode = 100;

    /// <summary>Cleans a message. <paramref name="secrets"/> are what the call was made with; anything else that has the form of a secret goes too.</summary>
    public static string Message(string? text, params ReadOnlySpan<Sensitive<string>?> secrets)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "";
        }

        foreach (var secret in secrets)
        {
            if (secret?.Reveal() is { Length: > 0 } value)
            {
                text = text.Replace(value, Sensitive.Mask, StringComparison.Ordinal);
            }
        }

        text = ControlCharacters().Replace(LooksSecret().Replace(text, Sensitive.Mask), " ").Trim();
        return text.Length <= MaxMessage ? text : string.Concat(text.AsSpan(0, MaxMessage), "...");
    }

    /// <summary>A code is one word; anything else is <paramref name="otherwise"/>.</summary>
    public static string Code(string? code, string otherwise) =>
        code is { Length: > 0 and <= MaxCode } && Word().IsMatch(code) && !LooksSecret().IsMatch(code) ? code : otherwise;

    // Private keys in PEM, JWTs, Google's access and refresh tokens, and any long run of base64, which is what session tokens and signatures are.
    [GeneratedRegex(
        @"-----BEGIN[^-]*PRIVATE KEY-----.*?(-----END[^-]*-----|\z)|eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){0,2}|ya29\.[A-Za-z0-9_.-]+|1//[A-Za-z0-9_-]{16,}|[A-Za-z0-9+/_=-]{80,}",
        RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex LooksSecret();

    [GeneratedRegex(@"[\p{C}\s]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ControlCharacters();

    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}
