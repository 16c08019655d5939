using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// An RSA-2048 key pair made by the lab, at its first use: making one takes tens of milliseconds, and most keys of a world never sign.
/// Key ids are 40 hexadecimal digits, as Google's are.
/// </summary>
internal sealed class GoogleSigningKey
{
    // Parameters and not an RSA instance: instances do not promise to be usable by several threads at once.
    private readonly Lazy<Sensitive<RSAParameters>> keyPair = new(Generate);
    private readonly Lazy<JsonWebKey> publicKey;

    public GoogleSigningKey(string? keyId = null)
    {
        KeyId = keyId ?? RandomNumberGenerator.GetHexString(40, lowercase: true);
        publicKey = new Lazy<JsonWebKey>(() =>
        {
            using var rsa = RSA.Create(keyPair.Value.Reveal());
            return JsonWebKey.FromRsa(KeyId, rsa);
        });
    }

    public string KeyId { get; }

    public JsonWebKey PublicKey => publicKey.Value;

    public Sensitive<string> PrivateKeyPem()
    {
        using var rsa = RSA.Create(keyPair.Value.Reveal());
        return Sensitive.Of(rsa.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>An RS256 signature.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        using var rsa = RSA.Create(keyPair.Value.Reveal());
        return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>A compact JWS with Google's header: <c>alg</c>, <c>kid</c>, <c>typ</c>.</summary>
    public Sensitive<string> SignJwt(string claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" }.ToJsonString();
        var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return Sensitive.Of(input + "." + Base64Url.EncodeToString(Sign(Encoding.ASCII.GetBytes(input))));
    }

    private static Sensitive<RSAParameters> Generate()
    {
        using var rsa = RSA.Create(2048);
        return Sensitive.Of(rsa.ExportParameters(includePrivateParameters: true));
    }
}
