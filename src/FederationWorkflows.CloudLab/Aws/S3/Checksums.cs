using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>The checksums S3 takes with an object (Amazon S3 User Guide, "Checking object integrity").</summary>
internal static class Checksums
{
    private const string HeaderPrefix = "x-amz-checksum-";

    private static readonly ulong[] Crc32Table = Table(0xEDB88320);
    private static readonly ulong[] Crc64NvmeTable = Table(0x9A6C9329AC4BC9B5);

    /// <summary>The checksum that a header such as <c>x-amz-checksum-crc32</c> carries, in Base64; null when the header names none.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "S3 offers SHA-1 as a checksum against accidents; nothing relies on it for security.")]
    public static string? Compute(string header, byte[] content) =>
        header.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && NameOf(header) switch
        {
            "CRC32" => BigEndian((uint)Crc(Crc32Table, uint.MaxValue, content)),
            "CRC32C" => BigEndian(Crc32C(content)),
            "CRC64NVME" => BigEndian(Crc(Crc64NvmeTable, ulong.MaxValue, content)),
            "SHA1" => SHA1.HashData(content),
            "SHA256" => SHA256.HashData(content),
            _ => null,
        } is { } bytes ? Convert.ToBase64String(bytes) : null;

    /// <summary>The algorithm's name as error messages have it: <c>CRC32</c> of <c>x-amz-checksum-crc32</c>.</summary>
    public static string NameOf(string header) => header[HeaderPrefix.Length..].ToUpperInvariant();

    [SuppressMessage("Security", "CA5351", Justification = "ETag and Content-MD5 are MD5 by definition; nothing relies on them for security.")]
    public static byte[] Md5(byte[] content) => MD5.HashData(content);

    private static uint Crc32C(byte[] content)
    {
        var crc = uint.MaxValue;
        foreach (var value in content)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private static ulong Crc(ulong[] table, ulong mask, byte[] content)
    {
        var crc = mask;
        foreach (var value in content)
        {
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc & mask;
    }

    private static ulong[] Table(ulong reversedPolynomial)
    {
        var table = new ulong[256];
        for (var i = 0; i < table.Length; i++)
        {
            var entry = (ulong)i;
            for (var bit = 0; bit < 8; bit++)
            {
                entry = (entry & 1) == 0 ? entry >> 1 : (entry >> 1) ^ reversedPolynomial;
            }

            table[i] = entry;
        }

        return table;
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
