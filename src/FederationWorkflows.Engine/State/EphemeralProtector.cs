using System.Security.Cryptography;

namespace FederationWorkflows.Engine.State;

/// <summary>Encrypts with a key that lives as long as the object: for runs that are kept in memory only.</summary>
public sealed class EphemeralProtector : ISensitiveValueProtector, IDisposable
{
    private const int NonceSize = 12;

    private const int TagSize = 16;

    // A cipher is no key: it must not be used by two at once, so each value has one of its own.
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);

    /// <inheritdoc/>
    public byte[] Protect(ReadOnlySpan<byte> clear)
    {
        var result = new byte[NonceSize + TagSize + clear.Length];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(result.AsSpan(0, NonceSize), clear, result.AsSpan(NonceSize + TagSize), result.AsSpan(NonceSize, TagSize));
        return result;
    }

    /// <inheritdoc/>
    public byte[] Unprotect(ReadOnlySpan<byte> protectedData)
    {
        if (protectedData.Length < NonceSize + TagSize)
        {
            throw new CryptographicException("The protected value is too short.");
        }

        var clear = new byte[protectedData.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(protectedData[..NonceSize], protectedData[(NonceSize + TagSize)..], protectedData.Slice(NonceSize, TagSize), clear);
        return clear;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(key);
}
