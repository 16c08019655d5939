using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>An identity provider: signs whatever claims a test wants, and publishes its key for the issuers it is told to be.</summary>
internal sealed class TestIssuer(params string[] issuers) : IOidcKeySource
{
    public const string Google = "https://accounts.google.com";

    // Made once: making an RSA key takes longer than everything else in a test.
    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) =>
        new(issuers.Contains(issuer) ? [JsonWebKey.FromRsa("rsa-1", Rsa), JsonWebKey.FromECDsa("ec-1", Ec)] : Array.Empty<JsonWebKey>());

    public static string Sign(JsonObject claims, string algorithm = "RS256", string keyId = "rsa-1")
    {
        var header = new JsonObject { ["alg"] = algorithm, ["kid"] = keyId, ["typ"] = "JWT" };
        var input = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = algorithm switch
        {
            "RS256" => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "ES256" => Ec.SignData(bytes, HashAlgorithmName.SHA256),
            "HS256" => HMACSHA256.HashData(Rsa.ExportRSAPublicKey(), bytes),
            _ => [],
        };
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
