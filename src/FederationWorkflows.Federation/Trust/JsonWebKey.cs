using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FederationWorkflows.Federation.Trust;

/// <summary>A public RSA or elliptic-curve signing key (RFC 7517, RFC 7518 section 6). Never holds a private part.</summary>
public sealed class JsonWebKey
{
    private const int SmallestRsaModulusBits = 2048;
    private const int LargestRsaModulusBits = 8192;

    private readonly RSAParameters? rsa;
    private readonly ECParameters? ec;

    private JsonWebKey(string keyId, string? algorithm, RSAParameters? rsa, ECParameters? ec)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        this.rsa = rsa;
        this.ec = ec;
    }

    /// <summary><c>kid</c>: what a token's header names the key by.</summary>
    public string KeyId { get; }

    /// <summary><c>alg</c>: the only algorithm the key may be used with; null when the issuer does not say.</summary>
    public string? Algorithm { get; }

    /// <summary><c>kty</c>: <c>RSA</c> or <c>EC</c>.</summary>
    public string KeyType => rsa is null ? "EC" : "RSA";

    /// <summary>The public part of an RSA key.</summary>
    /// <param name="keyId">Its <c>kid</c>.</param>
    /// <param name="key">An RSA key; a private part is left out.</param>
    /// <param name="algorithm">Its <c>alg</c>, for example <c>RS256</c>.</param>
    public static JsonWebKey FromRsa(string keyId, RSA key, string? algorithm = "RS256")
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        return new JsonWebKey(keyId, algorithm, key.ExportParameters(includePrivateParameters: false), null);
    }

    /// <summary>The public part of a key on P-256, P-384 or P-521.</summary>
    /// <param name="keyId">Its <c>kid</c>.</param>
    /// <param name="key">An elliptic-curve key; a private part is left out.</param>
    /// <param name="algorithm">Its <c>alg</c>, for example <c>ES256</c>.</param>
    /// <exception cref="FormatException">The curve is another one.</exception>
    public static JsonWebKey FromECDsa(string keyId, ECDsa key, string? algorithm = "ES256")
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        _ = CurveName(parameters.Curve);
        return new JsonWebKey(keyId, algorithm, null, parameters);
    }

    /// <summary>Reads one member of a JWK Set's <c>keys</c>.</summary>
    /// <exception cref="FormatException">It is no public RSA or EC signing key, or it is too weak; the message says which member is wrong.</exception>
    public static JsonWebKey Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("A JSON Web Key must be an object.");
        }

        var keyId = Text(json, "kid");
        var algorithm = json.TryGetProperty("alg", out _) ? Text(json, "alg") : null;
        if (json.TryGetProperty("use", out var use) && !use.ValueEquals("sig"))
        {
            throw new FormatException($"Key '{keyId}' is not for signatures: \"use\" is not \"sig\".");
        }

        switch (Text(json, "kty"))
        {
            case "RSA":
                var modulus = Bytes(json, "n");
                if (modulus.Length * 8 is < SmallestRsaModulusBits or > LargestRsaModulusBits)
                {
                    throw new FormatException($"Key '{keyId}': an RSA modulus has {SmallestRsaModulusBits} to {LargestRsaModulusBits} bits, this one {modulus.Length * 8}.");
                }

                return new JsonWebKey(keyId, algorithm, new RSAParameters { Modulus = modulus, Exponent = Bytes(json, "e") }, null);
            case "EC":
                var curve = Text(json, "crv") switch
                {
                    "P-256" => ECCurve.NamedCurves.nistP256,
                    "P-384" => ECCurve.NamedCurves.nistP384,
                    "P-521" => ECCurve.NamedCurves.nistP521,
                    var other => throw new FormatException($"Key '{keyId}': the curve '{other}' is not one of P-256, P-384, P-521."),
                };
                return new JsonWebKey(keyId, algorithm, null, new ECParameters { Curve = curve, Q = new ECPoint { X = Bytes(json, "x"), Y = Bytes(json, "y") } });
            case var other:
                throw new FormatException($"Key '{keyId}': \"kty\" is '{other}', not RSA or EC.");
        }
    }

    /// <summary>
    /// Reads a JWK Set (RFC 7517 section 5). As the RFC asks, members that are no public RSA or EC signing keys are left out.
    /// </summary>
    /// <exception cref="FormatException">The document is not a JWK Set.</exception>
    public static IReadOnlyList<JsonWebKey> ParseSet(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("keys", out var members) || members.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("A JWK Set must be an object with an array \"keys\".");
        }

        var keys = new List<JsonWebKey>();
        foreach (var member in members.EnumerateArray())
        {
            try
            {
                keys.Add(Parse(member));
            }
            catch (FormatException)
            {
                // RFC 7517 section 5: keys that are not understood or out of range are ignored.
            }
        }

        return keys;
    }

    /// <summary>The key as a member of a JWK Set.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["kty"] = KeyType, ["kid"] = KeyId, ["use"] = "sig" };
        if (Algorithm is not null)
        {
            json["alg"] = Algorithm;
        }

        if (rsa is { } rsaKey)
        {
            json["n"] = Base64Url.EncodeToString(rsaKey.Modulus);
            json["e"] = Base64Url.EncodeToString(rsaKey.Exponent);
        }
        else if (ec is { } ecKey)
        {
            json["crv"] = CurveName(ecKey.Curve);
            json["x"] = Base64Url.EncodeToString(ecKey.Q.X);
            json["y"] = Base64Url.EncodeToString(ecKey.Q.Y);
        }

        return json;
    }

    /// <summary>
    /// Whether <paramref name="signature"/> is this key's over <paramref name="data"/> (RFC 7518 sections 3.3 and 3.4).
    /// False also for an algorithm that is not asymmetric, not supported, or not the key's own.
    /// </summary>
    /// <param name="algorithm">RS256, RS384, RS512, ES256, ES384 or ES512.</param>
    /// <param name="data">What was signed: for a JWS the ASCII bytes of <c>header.payload</c>.</param>
    /// <param name="signature">The raw signature; for ES* R and S one after the other.</param>
    public bool Verify(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (Algorithm is not null && Algorithm != algorithm)
        {
            return false;
        }

        try
        {
            switch (algorithm)
            {
                case "RS256" or "RS384" or "RS512" when rsa is { } parameters:
                    using (var key = RSA.Create(parameters))
                    {
                        return key.VerifyData(data, signature, HashOf(algorithm), RSASignaturePadding.Pkcs1);
                    }

                case "ES256" or "ES384" or "ES512" when ec is { } parameters && CurveName(parameters.Curve) == CurveOf(algorithm):
                    using (var key = ECDsa.Create(parameters))
                    {
                        return key.VerifyData(data, signature, HashOf(algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                    }

                default:
                    return false;
            }
        }
        catch (CryptographicException)
        {
            // The key's numbers make no valid key (a point off the curve, an even modulus): nothing it "signs" can be trusted.
            return false;
        }
    }

    private static HashAlgorithmName HashOf(string algorithm) => algorithm[2..] switch
    {
        "256" => HashAlgorithmName.SHA256,
        "384" => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    private static string CurveOf(string algorithm) => algorithm switch
    {
        "ES256" => "P-256",
        "ES384" => "P-384",
        _ => "P-521",
    };

    private static string CurveName(ECCurve curve) => curve.Oid.Value switch
    {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        _ => throw new FormatException($"The curve '{curve.Oid.FriendlyName}' is not one of P-256, P-384, P-521."),
    };

    private static string Text(JsonElement json, string name)
    {
        try
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
            {
                return text;
            }
        }
        catch (InvalidOperationException)
        {
            // The text is not valid Unicode.
        }

        throw new FormatException($"A JSON Web Key needs a text \"{name}\".");
    }

    private static byte[] Bytes(JsonElement json, string name)
    {
        try
        {
            return Base64Url.DecodeFromChars(Text(json, name));
        }
        catch (FormatException exception)
        {
            throw new FormatException($"A JSON Web Key needs \"{name}\" in base64url.", exception);
        }
    }
}
