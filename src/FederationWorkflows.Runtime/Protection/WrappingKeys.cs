using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Protection;

/// <summary>
/// Wraps the keys of the key ring with AES-256-GCM. A wrapped key names the one that wrapped it, so that a wrong one is told apart from
/// damage, and previous ones go on to unwrap what they wrapped.
/// </summary>
internal sealed class WrappingKeys : IXmlEncryptor
{
    private const int NonceSize = 12;

    private const int TagSize = 16;

    private readonly Lazy<(string Current, Dictionary<string, byte[]> All)> keys;

    public WrappingKeys(KeyRingOptions options) => keys = new(() =>
    {
        var all = new Dictionary<string, byte[]>();
        string? current = null;
        foreach (var source in options.PreviousKeys.Prepend(options.Key))
        {
            var secret = source.Read();
            var id = Convert.ToHexStringLower(Derive(secret, 8, "id"));
            all[id] = Derive(secret, 32, "wrap");
            current ??= id;
            CryptographicOperations.ZeroMemory(secret);
        }

        return (current!, all);
    });

    /// <summary>Reads the keys, unless they are read.</summary>
    /// <exception cref="KeyRingException">One cannot be had.</exception>
    public void Load() => _ = keys.Value;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var (id, all) = keys.Value;
        var clear = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var wrapped = new byte[NonceSize + TagSize + clear.Length];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceSize));
        using var aes = new AesGcm(all[id], TagSize);
        aes.Encrypt(wrapped.AsSpan(0, NonceSize), clear, wrapped.AsSpan(NonceSize + TagSize), wrapped.AsSpan(NonceSize, TagSize), Encoding.ASCII.GetBytes(id));
        CryptographicOperations.ZeroMemory(clear);
        return new EncryptedXmlInfo(new XElement("wrapped", new XAttribute("by", id), Convert.ToBase64String(wrapped)), typeof(KeyUnwrapper));
    }

    public XElement Decrypt(XElement encryptedElement)
    {
        var (current, all) = keys.Value;
        var id = encryptedElement.Attribute("by")?.Value ?? "";
        if (!all.TryGetValue(id, out var key))
        {
            throw new KeyRingException(
                $"The key ring was wrapped with another key: with {id}, while this server was given {current}. Give it the key it had before, or name that one as a previous key.");
        }

        var clear = Array.Empty<byte>();
        try
        {
            var wrapped = Convert.FromBase64String(encryptedElement.Value);
            clear = new byte[Math.Max(0, wrapped.Length - NonceSize - TagSize)];
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(wrapped.AsSpan(0, NonceSize), wrapped.AsSpan(NonceSize + TagSize), wrapped.AsSpan(NonceSize, TagSize), clear, Encoding.ASCII.GetBytes(id));
            return XElement.Parse(Encoding.UTF8.GetString(clear));
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            throw new KeyRingException("A key of the key ring was changed after it was stored. Restore the key ring from a backup.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private static byte[] Derive(byte[] secret, int length, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, length, info: Encoding.ASCII.GetBytes("FederationWorkflows key ring, " + purpose));
}

/// <summary>Unwraps keys. Data Protection makes it from the name that a wrapped key has with it.</summary>
internal sealed class KeyUnwrapper(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => services.GetRequiredService<WrappingKeys>().Decrypt(encryptedElement);
}
