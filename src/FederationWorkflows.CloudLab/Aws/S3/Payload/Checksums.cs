using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace FederationWorkflows.CloudLab.Aws.S3.Payload;

/// <summary>The checksums S3 takes with an object (Amazon S3 User Guide, "Checking object integrity").</summary>
internal enum ChecksumAlgorithm
{
    Crc32,
    Crc32C,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// <summary>The checksum of an object or a part.</summary>
/// <param name="Algorithm">By which it was computed.</param>
/// <param name="Value">In Base64; of a composite one followed by the number of parts.</param>
/// <param name="IsComposite">Whether it is the checksum of the parts' checksums, and not of the bytes.</param>
internal sealed record ObjectChecksum(ChecksumAlgorithm Algorithm, string Value, bool IsComposite = false)
{
    public string Type => IsComposite ? "COMPOSITE" : "FULL_OBJECT";
}

/// <summary>The names of the checksums, and their computing piece by piece.</summary>
internal static class Checksums
{
    private const string HeaderPrefix = "x-amz-checksum-";

    private static readonly CrcTables Crc32Tables = new(0xEDB88320);
    private static readonly CrcTables Crc64NvmeTables = new(0x9A6C9329AC4BC9B5);

    /// <summary>As error messages, XML elements and parameters have it: <c>CRC32</c>.</summary>
    public static string Name(this ChecksumAlgorithm algorithm) => algorithm.ToString().ToUpperInvariant();

    /// <summary><c>x-amz-checksum-crc32</c>.</summary>
    public static string Header(this ChecksumAlgorithm algorithm) => HeaderPrefix + algorithm.ToString().ToLowerInvariant();

    public static ChecksumAlgorithm? OfHeader(string header) =>
        header.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) ? OfName(header[HeaderPrefix.Length..]) : null;

    public static ChecksumAlgorithm? OfName(string name) =>
        Enum.GetValues<ChecksumAlgorithm>().Where(algorithm => algorithm.Name().Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static algorithm => (ChecksumAlgorithm?)algorithm).FirstOrDefault();

    public static IRunningChecksum Start(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => new RunningCrc(Crc32Tables, sizeof(uint)),
        ChecksumAlgorithm.Crc32C => new RunningCrc32C(),
        ChecksumAlgorithm.Crc64Nvme => new RunningCrc(Crc64NvmeTables, sizeof(ulong)),
        ChecksumAlgorithm.Sha1 => new RunningHash(HashAlgorithmName.SHA1),
        _ => new RunningHash(HashAlgorithmName.SHA256),
    };

    public static byte[] Compute(ChecksumAlgorithm algorithm, ReadOnlySpan<byte> content)
    {
        using var running = Start(algorithm);
        running.Append(content);
        return running.Finish();
    }

    // Reflected CRCs of up to 64 bits, eight bytes at a time ("slicing by 8").
    private sealed class CrcTables
    {
        private readonly ulong[] tables = new ulong[8 * 256];

        public CrcTables(ulong reversedPolynomial)
        {
            for (var i = 0; i < 256; i++)
            {
                var entry = (ulong)i;
                for (var bit = 0; bit < 8; bit++)
                {
                    entry = (entry & 1) == 0 ? entry >> 1 : (entry >> 1) ^ reversedPolynomial;
                }

                tables[i] = entry;
            }

            for (var i = 256; i < tables.Length; i++)
            {
                tables[i] = (tables[i - 256] >> 8) ^ tables[(byte)tables[i - 256]];
            }
        }

        public ulong Append(ulong crc, ReadOnlySpan<byte> content)
        {
            var table = tables;
            for (; content.Length >= 8; content = content[8..])
            {
                crc ^= BinaryPrimitives.ReadUInt64LittleEndian(content);
                crc = table[0x700 + (int)(crc & 0xff)] ^ table[0x600 + (int)((crc >> 8) & 0xff)] ^ table[0x500 + (int)((crc >> 16) & 0xff)]
                    ^ table[0x400 + (int)((crc >> 24) & 0xff)] ^ table[0x300 + (int)((crc >> 32) & 0xff)] ^ table[0x200 + (int)((crc >> 40) & 0xff)]
                    ^ table[0x100 + (int)((crc >> 48) & 0xff)] ^ table[(int)(crc >> 56)];
            }

            foreach (var value in content)
            {
                crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
            }

            return crc;
        }
    }

    private sealed class RunningCrc(CrcTables tables, int size) : IRunningChecksum
    {
        private readonly ulong mask = ulong.MaxValue >> (8 * (sizeof(ulong) - size));
        private ulong crc = ulong.MaxValue >> (8 * (sizeof(ulong) - size));

        public void Append(ReadOnlySpan<byte> content) => crc = tables.Append(crc, content);

        public byte[] Finish() => BigEndian(~crc & mask, size);

        public void Dispose()
        {
        }
    }

    private sealed class RunningCrc32C : IRunningChecksum
    {
        private uint crc = uint.MaxValue;

        public void Append(ReadOnlySpan<byte> content)
        {
            for (; content.Length >= 8; content = content[8..])
            {
                crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(content));
            }

            foreach (var value in content)
            {
                crc = BitOperations.Crc32C(crc, value);
            }
        }

        public byte[] Finish() => BigEndian(~crc, sizeof(uint));

        public void Dispose()
        {
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "S3 offers SHA-1 as a checksum against accidents; nothing relies on it for security.")]
    private sealed class RunningHash(HashAlgorithmName name) : IRunningChecksum
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(name);

        public void Append(ReadOnlySpan<byte> content) => hash.AppendData(content);

        public byte[] Finish() => hash.GetHashAndReset();

        public void Dispose() => hash.Dispose();
    }

    private static byte[] BigEndian(ulong value, int size)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes[^size..];
    }
}

/// <summary>A checksum in the making.</summary>
internal interface IRunningChecksum : IDisposable
{
    void Append(ReadOnlySpan<byte> content);

    byte[] Finish();
}
