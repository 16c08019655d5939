using System.Globalization;

namespace FederationWorkflows.Federation.Trust;

/// <summary>Writes JSON paths (RFC 9535): <c>$.Statement[0].Condition.StringEquals['accounts.google.com:sub']</c>.</summary>
internal static class JsonPath
{
    public static string Below(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    public static string Below(string path, string name) => IsWord(name) ? $"{path}.{name}" : $"{path}['{name}']";

    private static bool IsWord(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static character => char.IsAsciiLetterOrDigit(character) || character == '_');
}
