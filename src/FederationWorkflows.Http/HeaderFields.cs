using System.Buffers;

namespace FederationWorkflows.Http;

/// <summary>What may stand in a header field, and which fields nobody but the client or server itself may set (RFC 9110, sections 5 and 7.6.1).</summary>
internal static class HeaderFields
{
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>They belong to one connection, or frame the message: set by hand they could smuggle a second message.</summary>
    private static readonly HashSet<string> Framing = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    private static readonly HashSet<string> Secret = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Api-Key", "ApiKey", "X-Api-Key", "X-ApiKey", "X-Functions-Key", "Ocp-Apim-Subscription-Key",
        "X-Goog-Iap-Jwt-Assertion", "Cf-Access-Jwt-Assertion", "Authentication-Info",
    };

    private static readonly string[] SecretEndings = ["-token", "-secret", "-password", "-authorization"];

    private static readonly HashSet<string> SecretParameters = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_token", "api_key", "api-key", "apikey", "client_secret", "id_token", "password", "refresh_token", "secret", "token",
    };

    public static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Token);

    public static bool IsFraming(string name) => Framing.Contains(name);

    /// <summary>The value of such a header is a credential by its nature or by its name.</summary>
    public static bool IsSecret(string name) =>
        Secret.Contains(name) || Array.Exists(SecretEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>A parameter of a query by this name is a credential.</summary>
    public static bool IsSecretParameter(string name) => SecretParameters.Contains(name);

    /// <summary>Visible ASCII, spaces and tabs. Anything else is refused, so that no value can end its line and begin another.</summary>
    public static bool IsValue(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~') || text.All(c => c is '\t' or (>= ' ' and <= '~'));

    /// <summary>What is wrong with a header of a story; null when nothing is. The value is not quoted: it may be a secret.</summary>
    public static string? Problem(string name, IEnumerable<string> values) =>
        !IsToken(name) ? $"The header name '{(name.Length > 40 ? name[..40] : name)}' is not valid: only letters, digits and !#$%&'*+-.^_`|~ may stand in it."
        : IsFraming(name) ? $"The header '{name}' cannot be set: it belongs to the connection, which takes care of it."
        : !values.All(IsValue) ? $"The value of the header '{name}' has characters that may not stand in a header: line breaks, control characters or letters beyond ASCII. Encode it first."
        : null;
}
