using System.Globalization;
using System.Net;

namespace FederationWorkflows.Federation.Trust;

/// <summary>Compares one value of a policy with one of a request. What cannot be read as the operator's type does not match.</summary>
internal static class ValueComparer
{
    // IAM User Guide, "Policy variables": supported by the string, ARN and Boolean operators only.
    public static bool HasVariables(ValueComparison comparison) =>
        comparison is ValueComparison.Text or ValueComparison.TextIgnoreCase or ValueComparison.Like or ValueComparison.Arn or ValueComparison.Bool;

    public static bool Accepts(ValueComparison comparison, string value) => comparison switch
    {
        ValueComparison.Number or ValueComparison.NumberLess or ValueComparison.NumberLessOrEqual or ValueComparison.NumberGreater
            or ValueComparison.NumberGreaterOrEqual => Number(value) is not null,
        ValueComparison.Date or ValueComparison.DateLess or ValueComparison.DateLessOrEqual or ValueComparison.DateGreater
            or ValueComparison.DateGreaterOrEqual => Date(value) is not null,
        ValueComparison.Bool or ValueComparison.Absence => Bool(value) is not null || value.Contains("${", StringComparison.Ordinal),
        ValueComparison.Binary => Binary(value) is not null,
        ValueComparison.IpAddress => Range(value) is not null,
        _ => true,
    };

    public static bool Matches(ValueComparison comparison, PolicyPattern expected, string found) => comparison switch
    {
        ValueComparison.Text or ValueComparison.Like => expected.Matches(found),
        ValueComparison.TextIgnoreCase => expected.Matches(found, ignoreCase: true),
        ValueComparison.Number => Number(expected.ToString()) is { } number && Number(found) == number,
        ValueComparison.NumberLess => Number(found) < Number(expected.ToString()),
        ValueComparison.NumberLessOrEqual => Number(found) <= Number(expected.ToString()),
        ValueComparison.NumberGreater => Number(found) > Number(expected.ToString()),
        ValueComparison.NumberGreaterOrEqual => Number(found) >= Number(expected.ToString()),
        ValueComparison.Date => Date(expected.ToString()) is { } date && Date(found) == date,
        ValueComparison.DateLess => Date(found) < Date(expected.ToString()),
        ValueComparison.DateLessOrEqual => Date(found) <= Date(expected.ToString()),
        ValueComparison.DateGreater => Date(found) > Date(expected.ToString()),
        ValueComparison.DateGreaterOrEqual => Date(found) >= Date(expected.ToString()),
        ValueComparison.Bool => Bool(expected.ToString()) is { } truth && Bool(found) == truth,
        ValueComparison.Binary => Binary(expected.ToString()) is { } bytes && Binary(found) is { } others && bytes.AsSpan().SequenceEqual(others),
        ValueComparison.IpAddress => Range(expected.ToString()) is { } range && IPAddress.TryParse(found, out var address) && range.Contains(address),
        ValueComparison.Arn => expected.MatchesArn(found),
        _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
    };

    public static bool? Bool(string value) =>
        value.Equals("true", StringComparison.OrdinalIgnoreCase) ? true
        : value.Equals("false", StringComparison.OrdinalIgnoreCase) ? false
        : null;

    private static decimal? Number(string value) =>
        decimal.TryParse(value, NumberStyles.Number & ~NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number) ? number : null;

    // ISO 8601 as W3C's profile has it, or seconds since 1970.
    private static DateTimeOffset? Date(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && value.Length > 4
            ? seconds is > -62_135_596_800 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null
        : DateTimeOffset.TryParseExact(
            value,
            ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var date) ? date : null;

    private static byte[]? Binary(string value)
    {
        var bytes = new byte[(value.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(value, bytes, out var written) ? bytes[..written] : null;
    }

    private static IPNetwork? Range(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? value : value[..slash], out var address))
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        var prefix = bytes.Length * 8;
        if (slash >= 0 && (!int.TryParse(value[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bytes.Length * 8))
        {
            return null;
        }

        // IAM takes a network written with host bits, as in 203.0.113.7/24.
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
