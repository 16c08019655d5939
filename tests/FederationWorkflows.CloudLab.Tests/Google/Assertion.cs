using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>What a client needs of a service account key file.</summary>
internal sealed record ServiceAccountKey(string Email, string KeyId, string PrivateKeyPem)
{
    public static ServiceAccountKey Read(string file)
    {
        var json = JsonDocument.Parse(file).RootElement;
        return new ServiceAccountKey(json.GetProperty("client_email").GetString()!, json.GetProperty("private_key_id").GetString()!, json.GetProperty("private_key").GetString()!);
    }
}

/// <summary>A service account's assertion whose parts can be bent one by one.</summary>
internal sealed record Assertion
{
    public Assertion(ServiceAccountKey key, string audience, DateTimeOffset now)
    {
        PrivateKeyPem = key.PrivateKeyPem;
        KeyId = key.KeyId;
        Issuer = key.Email;
        Audience = audience;
        IssuedAt = now.ToUnixTimeSeconds();
        Expires = now.ToUnixTimeSeconds() + 3600;
    }

    public string PrivateKeyPem { get; init; }

    public string? KeyId { get; init; }

    public string Algorithm { get; init; } = "RS256";

    public string? Issuer { get; init; }

    public string? Audience { get; init; }

    public JsonNode? IssuedAt { get; init; }

    public JsonNode? Expires { get; init; }

    public string? Scope { get; init; } = GoogleLabFixture.CloudPlatform;

    public string? TargetAudience { get; init; }

    public string? Subject { get; init; }

    /// <summary>Signs with <see cref="Algorithm"/>; HS256 uses the text of the public key as its secret, the classic confusion attack.</summary>
    public string Sign()
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(PrivateKeyPem);
        var header = new JsonObject { ["alg"] = Algorithm, ["typ"] = "JWT" };
        Add(header, "kid", KeyId);
        var claims = new JsonObject();
        Add(claims, "iss", Issuer);
        Add(claims, "sub", Subject);
        Add(claims, "aud", Audience);
        Add(claims, "scope", Scope);
        Add(claims, "target_audience", TargetAudience);
        Add(claims, "iat", IssuedAt?.DeepClone());
        Add(claims, "exp", Expires?.DeepClone());
        var input = Encode(header) + "." + Encode(claims);
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = Algorithm switch
        {
            "none" => [],
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), bytes),
            _ => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return input + "." + Base64Url.EncodeToString(signature);
    }

    private static void Add(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}

internal static class Assertions
{
    public static Dictionary<string, string> Grant(string assertion) => new() { ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer", ["assertion"] = assertion };
}
