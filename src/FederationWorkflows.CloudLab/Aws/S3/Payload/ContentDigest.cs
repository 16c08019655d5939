using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationWorkflows.CloudLab.Aws.S3.Payload;

/// <summary>What S3 computes of every content as it comes in: its MD5, which is its ETag, and one checksum.</summary>
[SuppressMessage("Security", "CA5351", Justification = "ETag and Content-MD5 are MD5 by definition; nothing relies on them for security.")]
internal sealed class ContentDigest(ChecksumAlgorithm algorithm) : IDisposable
{
    private readonly IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private readonly IRunningChecksum checksum = Checksums.Start(algorithm);

    public static string ETag(byte[] md5) => $"\"{Convert.ToHexStringLower(md5)}\"";

    /// <summary>The ETag of an object made of parts: the MD5 of their MD5s, and how many they are.</summary>
    public static string ETagOfParts(IReadOnlyList<byte[]> md5s) => $"\"{Convert.ToHexStringLower(MD5.HashData([.. md5s.SelectMany(static md5 => md5)]))}-{md5s.Count}\"";

    public void Append(ReadOnlySpan<byte> content)
    {
        md5.AppendData(content);
        checksum.Append(content);
    }

    public (byte[] Md5, ObjectChecksum Checksum) Finish() => (md5.GetHashAndReset(), new ObjectChecksum(algorithm, Convert.ToBase64String(checksum.Finish())));

    public void Dispose()
    {
        md5.Dispose();
        checksum.Dispose();
    }
}
