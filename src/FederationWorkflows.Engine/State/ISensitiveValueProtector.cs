namespace FederationWorkflows.Engine.State;

/// <summary>Encrypts sensitive values before they become part of a saved state.</summary>
public interface ISensitiveValueProtector
{
    /// <summary>Encrypts and authenticates.</summary>
    byte[] Protect(ReadOnlySpan<byte> clear);

    /// <summary>Reverses <see cref="Protect"/>.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The data was changed, or its key is gone.</exception>
    byte[] Unprotect(ReadOnlySpan<byte> protectedData);
}
