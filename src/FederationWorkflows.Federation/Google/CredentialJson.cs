using System.Security.Cryptography;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Reads Google's credential JSON. Of it only identity and secrets are taken: its URLs (<c>token_uri</c>, <c>auth_uri</c>) are ignored in favour of
/// <see cref="CloudEndpoints"/>, since a doctored file could send assertions to its author.
/// </summary>
internal static class CredentialJson
{
    public const string Service = "connections";

    private const string ServiceAccountType = "service_account";
    private const string AuthorizedUserType = "authorized_user";
    private const string ExternalAccountType = "external_account";
    private const string ImpersonatedType = "impersonated_service_account";

    private static readonly string[] KnownTypes = [ServiceAccountType, AuthorizedUserType, ExternalAccountType, ImpersonatedType, "external_account_authorized_user", "gdch_service_account"];

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    public static Connection ServiceAccountKey(string connection, string json)
    {
        using var document = Parse(connection, json);
        RequireType(connection, document.RootElement, ServiceAccountType, ConnectionKinds.ServiceAccountKey);
        return ServiceAccountKey(connection, document.RootElement);
    }

    public static Connection AuthorizedUser(string connection, string json)
    {
        using var document = Parse(connection, json);
        RequireType(connection, document.RootElement, AuthorizedUserType, ConnectionKinds.AuthorizedUser);
        return AuthorizedUser(connection, document.RootElement);
    }

    public static Connection ExternalAccount(string connection, string json, CloudEndpoints endpoints)
    {
        using var document = Parse(connection, json);
        RequireType(connection, document.RootElement, ExternalAccountType, ConnectionKinds.ExternalAccount);
        return ExternalAccount(connection, document.RootElement, json, endpoints);
    }

    /// <summary>Any kind of credential that Application Default Credentials may be.</summary>
    public static Connection Any(string connection, string json, CloudEndpoints endpoints)
    {
        using var document = Parse(connection, json);
        return Any(connection, document.RootElement, json, endpoints);
    }

    public static FederationException Unusable(string connection, string detail, string advice) =>
        Failure.Input(Cloud.Google, Service, $"connection '{connection}'", detail, advice, FailureCodes.UnusableConnection);

    private static Connection Any(string connection, JsonElement root, string json, CloudEndpoints endpoints) => Type(root) switch
    {
        ServiceAccountType => ServiceAccountKey(connection, root),
        AuthorizedUserType => AuthorizedUser(connection, root),
        ExternalAccountType => ExternalAccount(connection, root, json, endpoints),
        ImpersonatedType => Impersonated(connection, root, endpoints),
        var type => throw Unusable(
            connection,
            $"its JSON has {Quote(type)}",
            $"Application Default Credentials may be {ServiceAccountType}, {AuthorizedUserType}, {ExternalAccountType} or {ImpersonatedType}."),
    };

    private static ServiceAccountKeyConnection ServiceAccountKey(string connection, JsonElement root)
    {
        var email = Required(connection, root, "client_email", "Download a new key: gcloud iam service-accounts keys create.");
        var key = Required(connection, root, "private_key", "The private key is shown only once, when the key is made: create a new one and use the whole file.");
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(key);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            throw Unusable(connection, "its private_key is not an RSA private key in PEM", "Use the key file unchanged; line breaks inside private_key are written \\n.");
        }

        return new ServiceAccountKeyConnection(connection, email, Text(root, "private_key_id"), Sensitive.Of(key));
    }

    private static AuthorizedUserConnection AuthorizedUser(string connection, JsonElement root)
    {
        const string advice = "Make the file with: gcloud auth application-default login.";
        return new AuthorizedUserConnection(
            connection,
            Required(connection, root, "client_id", advice),
            Sensitive.Of(Required(connection, root, "client_secret", advice)),
            Sensitive.Of(Required(connection, root, "refresh_token", advice)));
    }

    private static ExternalAccountConnection ExternalAccount(string connection, JsonElement root, string json, CloudEndpoints endpoints)
    {
        const string advice = "Make the file with: gcloud iam workload-identity-pools create-cred-config.";
        RequireGoogle(connection, "token_url", Required(connection, root, "token_url", advice), endpoints);
        if (Text(root, "service_account_impersonation_url") is { } impersonation)
        {
            RequireGoogle(connection, "service_account_impersonation_url", impersonation, endpoints);
        }

        return new ExternalAccountConnection(connection, Sensitive.Of(json));
    }

    private static ImpersonatedConnection Impersonated(string connection, JsonElement root, CloudEndpoints endpoints)
    {
        const string advice = "Make the file with: gcloud auth application-default login --impersonate-service-account.";
        const string before = "/serviceAccounts/";
        const string after = ":generateAccessToken";
        var url = Required(connection, root, "service_account_impersonation_url", advice);
        var start = url.IndexOf(before, StringComparison.Ordinal);
        if (start < 0 || !url.EndsWith(after, StringComparison.Ordinal))
        {
            throw Unusable(connection, "its service_account_impersonation_url names no service account", advice);
        }

        if (!root.TryGetProperty("source_credentials", out var source) || source.ValueKind != JsonValueKind.Object)
        {
            throw Unusable(connection, "its JSON has no source_credentials", advice);
        }

        if (Type(source) == ImpersonatedType)
        {
            throw Unusable(connection, "its source_credentials are themselves impersonated", "Give the chain as delegates of one impersonation.");
        }

        var delegates = root.TryGetProperty("delegates", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(item => item.GetString() ?? "").Select(name => name[(name.LastIndexOf('/') + 1)..]).ToArray()
            : [];
        var start2 = start + before.Length;
        return new ImpersonatedConnection(connection, Any(connection, source, source.GetRawText(), endpoints), url[start2..^after.Length], delegates);
    }

    private static void RequireGoogle(string connection, string property, string url, CloudEndpoints endpoints)
    {
        var isAllowed = Uri.TryCreate(url, UriKind.Absolute, out var uri)
            && ((uri.Scheme == Uri.UriSchemeHttps && uri.IsDefaultPort && uri.Host.EndsWith(".googleapis.com", StringComparison.OrdinalIgnoreCase))
                || IsSameOrigin(uri, endpoints.GoogleToken)
                || IsSameOrigin(uri, endpoints.GoogleSts)
                || IsSameOrigin(uri, endpoints.GoogleIamCredentials));
        if (!isAllowed)
        {
            throw Unusable(
                connection,
                $"its {property} is not Google's",
                $"It must be an https URL under googleapis.com, or be at one of {FederationOptions.Section}:{nameof(FederationOptions.Endpoints)}.");
        }
    }

    private static bool IsSameOrigin(Uri one, Uri other) => Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static JsonDocument Parse(string connection, string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Strict);
        }
        catch (JsonException exception)
        {
            // The parser's own message may quote the text.
            var problem = exception.LineNumber is { } line
                ? $"its credential is not JSON (line {line + 1}, byte {exception.BytePositionInLine + 1})"
                : "its credential is JSON with a property given twice";
            throw Unusable(connection, problem, "Use the file as the cloud made it.");
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw Unusable(connection, "its credential is not a JSON object", "Use the file as the cloud made it.");
        }

        return document;
    }

    private static void RequireType(string connection, JsonElement root, string type, string kind)
    {
        var found = Type(root);
        if (found == type)
        {
            return;
        }

        var advice = found switch
        {
            ServiceAccountType => $"Give the connection the kind {ConnectionKinds.ServiceAccountKey}, or another credential.",
            AuthorizedUserType => $"Give the connection the kind {ConnectionKinds.AuthorizedUser}, or another credential.",
            ExternalAccountType => $"Give the connection the kind {ConnectionKinds.ExternalAccount}, or another credential.",
            _ => $"Kind {kind} takes JSON of type {type}.",
        };
        throw Unusable(connection, $"its kind is {kind}, but its JSON has {Quote(found)}", advice);
    }

    // An unknown type may be anything, a pasted secret too: only Google's own words are repeated.
    private static string Quote(string? type) => type is null ? "no type" : KnownTypes.Contains(type) ? $"the type {type}" : "an unknown type";

    private static string? Type(JsonElement root) => Text(root, "type");

    private static string Required(string connection, JsonElement root, string property, string advice) =>
        Text(root, property) ?? throw Unusable(connection, $"its JSON has no {property}", advice);

    private static string? Text(JsonElement root, string property) =>
        root.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
