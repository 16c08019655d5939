using System.Security.Cryptography;
using FederationWorkflows.Engine.State;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Protection;

/// <summary>Encrypts with the newest key of the ring, and decrypts with whichever was used.</summary>
internal sealed class DataProtectionProtector(IDataProtectionProvider provider, IKeyManager keys, WrappingKeys wrapping, IOptions<KeyManagementOptions> management) : ISensitiveValueProtector
{
    private readonly Lock opening = new();

    private IDataProtector? protector;

    public byte[] Protect(ReadOnlySpan<byte> clear)
    {
        var copy = clear.ToArray();
        try
        {
            return Open().Protect(copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    public byte[] Unprotect(ReadOnlySpan<byte> protectedData) => Open().Unprotect(protectedData.ToArray());

    /// <summary>Reads the ring, and makes its first key.</summary>
    /// <exception cref="KeyRingException">A key of it cannot be unwrapped. Data Protection by itself would go on with a new one, and what is stored could not be read.</exception>
    public IDataProtector Open()
    {
        if (Volatile.Read(ref protector) is { } open)
        {
            return open;
        }

        lock (opening)
        {
            if (protector is null)
            {
                var made = provider.CreateProtector("FederationWorkflows.RunState");
                if (management.Value.XmlRepository is ISharedKeyRepository shared)
                {
                    shared.Exclusively(() => Check(made));
                }
                else
                {
                    Check(made);
                }

                Volatile.Write(ref protector, made);
            }

            return protector;
        }
    }

    private void Check(IDataProtector made)
    {
        wrapping.Load();
        foreach (var key in keys.GetAllKeys().Where(key => !key.IsRevoked))
        {
            key.CreateEncryptor();
        }

        made.Protect([]);
    }
}
