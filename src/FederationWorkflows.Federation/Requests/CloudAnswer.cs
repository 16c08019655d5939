using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Requests;

/// <summary>What a cloud answered to a request that a story put together.</summary>
/// <param name="StatusCode">The HTTP status, a success.</param>
/// <param name="Headers">The headers by their names in lower case, without cookies; several values are joined with a comma.</param>
/// <param name="Content">JSON (XML turned into it), text or bytes; null when there is none. Sensitive when it holds what only a secret is called, or repeats a secret of the request.</param>
public sealed record CloudAnswer(int StatusCode, IReadOnlyDictionary<string, string> Headers, object? Content);

/// <summary>Reads the content of an answer.</summary>
internal static class AnswerContent
{
    /// <summary>What in the answers of both clouds is a secret by its name: temporary and long-term credentials, decrypted values, passwords and private keys.</summary>
    private static readonly HashSet<string> SecretNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "SecretAccessKey", "SessionToken", "SecretString", "SecretBinary", "Plaintext", "PrivateKeyPlaintext", "PrivateKey", "PrivateKeyData", "KeyMaterial", "AuthorizationToken", "Password",
        "ServicePassword", "RandomPassword", "AccessToken", "access_token", "RefreshToken", "IdToken", "id_token", "ClientSecret", "client_secret", "SignedJwt", "KeyString",
    };

    public static CloudAnswer Read(HttpResponseMessage response, byte[] body, IReadOnlyList<string> secrets, Func<byte[], JsonElement?>? readXml = null)
    {
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Where(static header => !header.Key.Contains("cookie", StringComparison.OrdinalIgnoreCase))
            .Select(header => (Name: Lower(header.Key), Value: string.Join(", ", header.Value)))
            .Where(header => !secrets.Any(secret => header.Value.Contains(secret, StringComparison.Ordinal)))
            .ToDictionary(static header => header.Name, static header => header.Value);
        var content = Parse(body, headers.GetValueOrDefault("content-type"), readXml);
        if (content is not null && (HoldsSecret(content) || Repeats(content, secrets)))
        {
            content = content switch
            {
                JsonElement json => Sensitive.Of(json),
                string text => Sensitive.Of(text),
                byte[] bytes => Sensitive.Of(bytes),
                _ => Sensitive.Of(content),
            };
        }

        return new CloudAnswer((int)response.StatusCode, headers, content);
    }

    private static object? Parse(byte[] body, string? contentType, Func<byte[], JsonElement?>? readXml)
    {
        if (body.Length == 0)
        {
            return null;
        }

        var first = body.AsSpan().TrimStart(" \t\r\n\uFEFF"u8) is [var character, ..] ? character : (byte)0;
        var says = contentType ?? "";
        if (first is (byte)'{' or (byte)'[' || says.Contains("json", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                return JsonValues.Unwrap(JsonValues.Parse(body));
            }
            catch (JsonException)
            {
                // It is none: it is kept as what it is.
            }
        }

        if (first == (byte)'<' && readXml?.Invoke(body) is { } xml)
        {
            return JsonValues.Unwrap(xml);
        }

        return Utf8.IsValid(body) && body.AsSpan().IndexOf((byte)0) < 0 ? Encoding.UTF8.GetString(body) : body;
    }

    private static bool HoldsSecret(object content) => content is JsonElement json && HoldsSecret(json);

    private static bool HoldsSecret(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Any(property => (SecretNames.Contains(property.Name) && property.Value.ValueKind == JsonValueKind.String) || IsSecureParameter(property) || HoldsSecret(property.Value)),
        JsonValueKind.Array => json.EnumerateArray().Any(HoldsSecret),
        _ => false,
    };

    /// <summary>A parameter of Systems Manager is called Value, and a secret by its type.</summary>
    private static bool IsSecureParameter(JsonProperty property) => property.NameEquals("Type") && property.Value.ValueKind == JsonValueKind.String && property.Value.ValueEquals("SecureString");

    private static bool Repeats(object content, IReadOnlyList<string> secrets)
    {
        var text = content switch
        {
            JsonElement json => string.Concat(json.GetRawText(), "\n", string.Join('\n', Texts(json))),
            string given => given,
            byte[] bytes => Encoding.Latin1.GetString(bytes),
            _ => content.ToString() ?? "",
        };
        return secrets.Any(secret => text.Contains(secret, StringComparison.Ordinal));
    }

    /// <summary>Texts in JSON as they are without escapes.</summary>
    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(property => Texts(property.Value).Prepend(property.Name)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [json.GetString()!],
        _ => [],
    };

#pragma warning disable CA1308 // Header names are shown in lower case, as everywhere else.
    private static string Lower(string name) => name.ToLowerInvariant();
#pragma warning restore CA1308
}
