using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FederationWorkflows.EndToEnd.Secrecy;

/// <summary>Looks for a secret in bytes, in every form that it could have been written in.</summary>
internal sealed partial class SecretSearch
{
    private const int LongestStream = 1 << 18;

    private readonly (string Form, byte[] Pattern)[] patterns;

    public SecretSearch(byte[] secret)
    {
        var text = Encoding.UTF8.GetString(secret);
        patterns =
        [
            ("plain", secret),
            ("UTF-16", Encoding.Unicode.GetBytes(text)),
            ("reversed", [.. secret.Reverse()]),
            ("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret))),
            ("HEX", Encoding.ASCII.GetBytes(Convert.ToHexString(secret))),
            ("escaped in JSON", JsonEncodedText.Encode(text).EncodedUtf8Bytes.ToArray()),
            ("URL", Encoding.ASCII.GetBytes(Uri.EscapeDataString(text))),
            ("every byte percent-encoded", Encoding.ASCII.GetBytes(string.Concat(secret.Select(b => $"%{b:X2}")))),
            .. Enumerable.Range(0, 3).SelectMany(shift => Base64(secret, shift)),
        ];
    }

    /// <summary>The forms that are found, also inside of gzip, zlib and brotli streams and of long hexadecimal numbers such as a dump's.</summary>
    public IEnumerable<string> FindIn(byte[] data) => patterns.Where(pattern => data.AsSpan().IndexOf(pattern.Pattern) >= 0).Select(pattern => pattern.Form)
        .Concat(Hidden(data).SelectMany(hidden => patterns.Where(pattern => hidden.Content.AsSpan().IndexOf(pattern.Pattern) >= 0).Select(pattern => $"{hidden.Form}, {pattern.Form}")))
        .Distinct();

    /// <summary>Of the digits, those that the secret alone decides, wherever in a longer text it began.</summary>
    private static IEnumerable<(string Form, byte[] Pattern)> Base64(byte[] secret, int shift)
    {
        var digits = Convert.ToBase64String([.. new byte[shift], .. secret]).TrimEnd('=');
        var (first, end) = (((shift * 4) + 2) / 3, (shift + secret.Length) * 4 / 3);
        var known = digits[first..end];
        yield return ($"base64, shifted by {shift}", Encoding.ASCII.GetBytes(known));
        yield return ($"base64url, shifted by {shift}", Encoding.ASCII.GetBytes(known.Replace('+', '-').Replace('/', '_')));
    }

    private static IEnumerable<(string Form, byte[] Content)> Hidden(byte[] data)
    {
        foreach (var inner in Streams(data))
        {
            yield return inner;
        }

        foreach (var number in HexNumber().Matches(Encoding.Latin1.GetString(data)).Select(match => match.Value))
        {
            var bytes = Convert.FromHexString(number[..(number.Length & ~1)]);
            yield return ("hex number", bytes);
            foreach (var (form, content) in Streams(bytes))
            {
                yield return ($"hex number, {form}", content);
            }
        }
    }

    private static IEnumerable<(string Form, byte[] Content)> Streams(byte[] data)
    {
        var buffer = new byte[LongestStream];
        for (var at = 0; at + 8 < data.Length; at++)
        {
            if (data[at] == 0x1f && data[at + 1] == 0x8b && Inflate(data, at, stream => new GZipStream(stream, CompressionMode.Decompress)) is { } gzip)
            {
                yield return ("gzip", gzip);
            }

            if (data[at] == 0x78 && ((data[at] << 8) | data[at + 1]) % 31 == 0 && Inflate(data, at, stream => new ZLibStream(stream, CompressionMode.Decompress)) is { } zlib)
            {
                yield return ("zlib", zlib);
            }

            // Brotli has no mark at its beginning: it is tried everywhere, and what comes out counts even if it breaks off.
            using var brotli = default(BrotliDecoder);
            brotli.Decompress(data.AsSpan(at), buffer, out _, out var written);
            if (written > 8)
            {
                yield return ("brotli", buffer[..written]);
            }
        }
    }

    private static byte[]? Inflate(byte[] data, int at, Func<Stream, Stream> open)
    {
        using var content = new MemoryStream();
        using var stream = open(new MemoryStream(data, at, data.Length - at));
        try
        {
            var buffer = new byte[4096];
            int read;
            while (content.Length < LongestStream && (read = stream.Read(buffer)) > 0)
            {
                content.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // It breaks off, or was none.
        }

        return content.Length == 0 ? null : content.ToArray();
    }

    [GeneratedRegex("[0-9a-fA-F]{32,}")]
    private static partial Regex HexNumber();
}
