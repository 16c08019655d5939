using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Server.Secrets;

/// <summary>
/// Encrypts values of secrets with the key ring. What is encrypted begins with whose value it is, and is authenticated with it: a ciphertext that
/// was moved to another secret, to another version or in from elsewhere is refused.
/// </summary>
internal sealed class SecretCipher(ISensitiveValueProtector protector)
{
    public byte[] Encrypt(string name, int version, string value)
    {
        byte[] clear = [.. Owner(name, version), .. Encoding.UTF8.GetBytes(value)];
        try
        {
            return protector.Protect(clear);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <exception cref="CryptographicException">It was changed or moved, or its key is gone.</exception>
    public Sensitive<string> Decrypt(string name, int version, byte[] ciphertext)
    {
        var clear = protector.Unprotect(ciphertext);
        try
        {
            var owner = Owner(name, version);
            return clear.AsSpan().StartsWith(owner)
                ? Sensitive.Of(Encoding.UTF8.GetString(clear.AsSpan(owner.Length)))
                : throw new CryptographicException("The ciphertext is not this secret's.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>A name has no line break, so no two secrets have the same beginning.</summary>
    private static byte[] Owner(string name, int version)
    {
        Span<byte> number = stackalloc byte[11];
        Utf8Formatter.TryFormat(version, number, out var length);
        return [.. "FederationWorkflows secret\n"u8, .. Encoding.UTF8.GetBytes(name), (byte)'\n', .. number[..length], (byte)'\n'];
    }
}
