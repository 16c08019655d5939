using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Http.Requests;

/// <summary>Finds the secrets of a request in its answer. A server that hides them well enough is not caught: whoever sends a secret hands it over.</summary>
internal static class SecretEcho
{
    /// <summary>Whether a text of the answer repeats a secret.</summary>
    public static bool IsIn(string? text, List<string> secrets) => text is not null && secrets.Exists(secret => text.Contains(secret, StringComparison.Ordinal));

    /// <summary>Whether a body repeats a secret: in its bytes, in its text by any Unicode encoding, or in a JSON text with escapes.</summary>
    public static bool IsIn(byte[] body, object? content, List<string> secrets)
    {
        if (secrets.Count == 0)
        {
            return false;
        }

        return secrets.Exists(secret =>
                body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0
                || body.AsSpan().IndexOf(Encoding.Unicode.GetBytes(secret)) >= 0
                || body.AsSpan().IndexOf(Encoding.BigEndianUnicode.GetBytes(secret)) >= 0
                || body.AsSpan().IndexOf(Encoding.UTF32.GetBytes(secret)) >= 0)
            || (content is string text && IsIn(text, secrets))
            || (content is JsonElement json && IsIn(json, secrets));
    }

    private static bool IsIn(JsonElement json, List<string> secrets) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Any(property => IsIn(property.Name, secrets) || IsIn(property.Value, secrets)),
        JsonValueKind.Array => json.EnumerateArray().Any(item => IsIn(item, secrets)),
        JsonValueKind.String => IsIn(json.GetString(), secrets),
        _ => false,
    };
}
