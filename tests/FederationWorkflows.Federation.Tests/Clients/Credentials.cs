using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>Credentials for tests, and the secrets in them to look for where they must not be.</summary>
internal static class Credentials
{
    public const string Email = "robot@ops-1.iam.gserviceaccount.com";
    public const string CloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

    public static RSA Key { get; } = RSA.Create(2048);

    public static string KeyPem { get; } = Key.ExportPkcs8PrivateKeyPem();

    public static string KeyJson { get; } = ServiceAccountKey().ToJsonString();

    public static string UserJson { get; } = AuthorizedUser().ToJsonString();

    public static AwsCredentials Session { get; } = new()
    {
        AccessKeyId = "ASIAEXAMPLE0000001",
        SecretAccessKey = Sensitive.Of("CANARYsecretAccessKey0123456789"),
        SessionToken = Sensitive.Of("CANARYsessionToken0123456789"),
        Expiration = FederationHost.Start.AddHours(1),
        AssumedRoleArn = "arn:aws:sts::123456789012:assumed-role/reader/session",
    };

    public static JsonObject ServiceAccountKey() => new()
    {
        ["type"] = "service_account",
        ["project_id"] = "ops-1",
        ["private_key_id"] = "key-1",
        ["private_key"] = KeyPem,
        ["client_email"] = Email,
        ["client_id"] = "112233445566778899001",
        ["token_uri"] = "https://attacker.example/token",
    };

    public static JsonObject AuthorizedUser() => new()
    {
        ["type"] = "authorized_user",
        ["client_id"] = "client-1",
        ["client_secret"] = "CANARYclientSecret",
        ["refresh_token"] = "CANARYrefreshToken",
    };

    /// <summary>A token of the form of Google's, not signed by anybody.</summary>
    public static string IdToken(object? payload = null, object? header = null)
    {
        payload ??= new
        {
            iss = "https://accounts.google.com",
            aud = "aws-prod",
            azp = "112233445566778899001",
            sub = "112233445566778899001",
            email = Email,
            email_verified = true,
            iat = FederationHost.Start.ToUnixTimeSeconds(),
            exp = FederationHost.Start.AddHours(1).ToUnixTimeSeconds(),
        };
        return $"{Part(JsonSerializer.Serialize(header ?? new { alg = "RS256", kid = "k1", typ = "JWT" }))}.{Part(JsonSerializer.Serialize(payload))}.c2lnbmF0dXJl";
    }

    public static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public static JsonElement Decode(string part)
    {
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
        return document.RootElement.Clone();
    }
}
