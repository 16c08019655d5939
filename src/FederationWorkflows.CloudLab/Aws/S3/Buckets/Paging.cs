using System.Globalization;
using System.Text;

namespace FederationWorkflows.CloudLab.Aws.S3.Buckets;

/// <summary>How a listing is cut in pages: at most so many, and from where the next page goes on.</summary>
internal static class Paging
{
    public static int Maximum(S3Call call, string name, int limit)
    {
        if (call.Query(name) is not { } text)
        {
            return limit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? Math.Min(value, limit)
            : throw S3Errors.InvalidArgument($"Provided {name} not an integer or within integer range", name, text);
    }

    public static string Token(string name) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"k{name}"));

    /// <summary>The name in a token of <see cref="Token"/>; null without one.</summary>
    public static string? Name(string? token)
    {
        if (token is null)
        {
            return null;
        }

        var bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out var written) && written > 0 && bytes[0] == 'k'
            ? Encoding.UTF8.GetString(bytes, 1, written - 1)
            : throw S3Errors.InvalidArgument("The continuation token provided is incorrect", "continuation-token", token);
    }

    /// <summary>
    /// The first <paramref name="maximum"/> entries after <paramref name="after"/>: items, or prefixes up to the delimiter that stand for all their items.
    /// </summary>
    /// <param name="items">Names and items, all with the prefix, in order.</param>
    /// <param name="prefix">What the names begin with.</param>
    /// <param name="delimiter">Where to cut; null or empty: nowhere.</param>
    /// <param name="after">The last entry of the page before.</param>
    /// <param name="maximum">How many entries.</param>
    public static (List<(string Name, T? Item)> Entries, bool IsTruncated) Page<T>(
        IEnumerable<KeyValuePair<string, T>> items, string prefix, string? delimiter, string? after, int maximum)
        where T : class
    {
        var entries = new List<(string Name, T? Item)>();
        foreach (var (key, value) in items)
        {
            var cut = string.IsNullOrEmpty(delimiter) ? -1 : key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            var name = cut < 0 ? key : key[..(cut + delimiter!.Length)];

            // A common prefix stands for all its keys: once given, none of them comes again on a later page.
            if ((after is not null && string.CompareOrdinal(name, after) <= 0) || (cut >= 0 && entries.Count > 0 && entries[^1].Name == name))
            {
                continue;
            }

            if (entries.Count == maximum)
            {
                return (entries, maximum > 0);
            }

            entries.Add((name, cut < 0 ? value : null));
        }

        return (entries, false);
    }
}
