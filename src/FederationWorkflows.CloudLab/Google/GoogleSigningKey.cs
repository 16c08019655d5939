using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>An RSA-2048 key pair made by the lab. Key ids are 40 hexadecimal digits, as Google's are.</summary>
internal sealed class GoogleSigningKey
{
    // Parameters and not an RSA instance: instances do not promise to be usable by several threads at once.
    private readonly Sensitive<RSAParameters> keyPair;

    public GoogleSigningKey(string? keyId = null)
    {
        using var rsa = RSA.Create(2048);
        keyPair = Sensitive.Of(rsa.ExportParameters(includePrivateParameters: true));
        KeyId = keyId ?? NewKeyId();
        PublicKey = JsonWebKey.FromRsa(KeyId, rsa);
    }

    public string KeyId { get; }

    public JsonWebKey PublicKey { get; }

    public static string NewKeyId() => RandomNumberGenerator.GetHexString(40, lowercase: true);

    public Sensitive<string> PrivateKeyPem()
    {
        using var rsa = RSA.Create(keyPair.Reveal());
        return Sensitive.Of(rsa.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>An RS256 signature.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        using var rsa = RSA.Create(keyPair.Reveal());
        return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>A compact JWS with Google's header: <c>alg</c>, <c>kid</c>, <c>typ</c>.</summary>
    public Sensitive<string> SignJwt(string claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" }.ToJsonString();
        var input = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return Sensitive.Of(input + "." + Base64Url.EncodeToString(Sign(Encoding.ASCII.GetBytes(input))));
    }
}
