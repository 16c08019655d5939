using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// Encrypts in memory what is not being used, with a key of this process that never moves and is overwritten at its end (AES-256-GCM). It is no defence against whoever
/// reads all of the process's memory and knows where to look: it keeps idle tokens out of searches of dumps and swapped pages, and lets them be gone once they are.
/// </summary>
internal sealed class MemorySeal : IDisposable
{
    private readonly byte[] key = GC.AllocateUninitializedArray<byte>(32, pinned: true);

    private readonly AesGcm cipher;

    public MemorySeal()
    {
        RandomNumberGenerator.Fill(key);
        cipher = new AesGcm(key, AesGcm.TagByteSizes.MaxSize);
    }

    private static int Overhead => AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize;

    public byte[] Seal(string text)
    {
        var plain = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(text), pinned: true);
        try
        {
            Encoding.UTF8.GetBytes(text, plain);
            var sealedText = new byte[Overhead + plain.Length];
            var (nonce, tag, content) = Parts(sealedText);
            RandomNumberGenerator.Fill(nonce);
            lock (cipher)
            {
                cipher.Encrypt(nonce, plain, content, tag);
            }

            return sealedText;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public string Open(byte[] sealedText)
    {
        var plain = GC.AllocateUninitializedArray<byte>(sealedText.Length - Overhead, pinned: true);
        try
        {
            var (nonce, tag, content) = Parts(sealedText);
            lock (cipher)
            {
                cipher.Decrypt(nonce, content, tag, plain);
            }

            return Encoding.UTF8.GetString(plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    public void Dispose()
    {
        cipher.Dispose();
        CryptographicOperations.ZeroMemory(key);
    }

    private static Layout Parts(byte[] sealedText) => new(
        sealedText.AsSpan(0, AesGcm.NonceByteSizes.MaxSize),
        sealedText.AsSpan(AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize),
        sealedText.AsSpan(Overhead));

    private readonly ref struct Layout(Span<byte> nonce, Span<byte> tag, Span<byte> content)
    {
        private readonly Span<byte> nonce = nonce;
        private readonly Span<byte> tag = tag;
        private readonly Span<byte> content = content;

        public void Deconstruct(out Span<byte> nonceOut, out Span<byte> tagOut, out Span<byte> contentOut)
        {
            nonceOut = nonce;
            tagOut = tag;
            contentOut = content;
        }
    }
}
