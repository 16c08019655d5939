using System.Globalization;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>The bytes asked for of a content.</summary>
/// <param name="From">The first, from 0.</param>
/// <param name="Length">How many.</param>
internal sealed record ByteRange(long From, long Length)
{
    /// <summary>RFC 9110 section 14: one range of bytes; null for anything else, which is as if no range were given.</summary>
    public static ByteRange? Read(string? header, long size)
    {
        if (header is null || !header.StartsWith("bytes=", StringComparison.Ordinal) || header["bytes=".Length..].Split('-') is not [var first, var last])
        {
            return null;
        }

        var hasFirst = long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from);
        var hasLast = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to);
        if ((!hasFirst && (first.Length > 0 || !hasLast)) || (!hasLast && last.Length > 0) || (hasFirst && hasLast && to < from))
        {
            return null;
        }

        if (hasFirst ? from >= size : to == 0 || size == 0)
        {
            throw S3Errors.InvalidRange(header, size);
        }

        return hasFirst ? new(from, (hasLast ? Math.Min(to, size - 1) : size - 1) - from + 1) : new(Math.Max(0, size - to), Math.Min(to, size));
    }

    /// <summary>The range of a part to copy, which must name both ends.</summary>
    public static ByteRange OfCopy(string? header, long size)
    {
        if (header is null)
        {
            return new(0, size);
        }

        if (!header.StartsWith("bytes=", StringComparison.Ordinal)
            || header["bytes=".Length..].Split('-') is not [var first, var last]
            || !long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            || to < from)
        {
            throw S3Errors.InvalidArgument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
                "x-amz-copy-source-range",
                header);
        }

        return to < size
            ? new(from, to - from + 1)
            : throw S3Errors.InvalidArgument($"Range specified is not valid for source object of size: {size}", "x-amz-copy-source-range", header);
    }
}
