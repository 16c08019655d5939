using System.Collections;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http;

/// <summary>A header as a story gives it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Values">The values in clear.</param>
/// <param name="IsSensitive">One of the values is a secret, or all headers are.</param>
internal sealed record StoryHeader(string Name, string[] Values, bool IsSensitive);

/// <summary>Reads the headers of a story: an object whose values are texts or lists of texts, any of them possibly secret.</summary>
internal static class HeaderValues
{
    /// <summary>Reads and checks them.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="isSensitive">They are a secret as a whole, for instance the result of an expression that reads one: any name may be the secret, too, and none is quoted.</param>
    /// <exception cref="InvalidOperationException">A header may not be set, or not like this.</exception>
    public static List<StoryHeader> Read(IDictionary<string, object?>? headers, bool isSensitive)
    {
        var result = new List<StoryHeader>();
        foreach (var (name, value) in headers ?? new Dictionary<string, object?>())
        {
            var values = new List<string>();
            var sensitive = Add(value, values);
            if (HeaderFields.Problem(name, values) is { } problem)
            {
                throw new InvalidOperationException(isSensitive ? "A header has a name or a value that cannot be sent; it is not shown, since these headers are a secret as a whole." : problem);
            }

            if (values.Count > 0)
            {
                result.Add(new StoryHeader(name, [.. values], sensitive || isSensitive));
            }
        }

        return result;
    }

    private static bool Add(object? value, List<string> values)
    {
        switch (value)
        {
            case null or JsonElement { ValueKind: JsonValueKind.Null }:
                return false;
            case Sensitive sensitive:
                Add(InClear.Reveal(sensitive), values);
                return true;
            case JsonElement { ValueKind: JsonValueKind.Array } json:
                return json.EnumerateArray().Aggregate(false, (any, item) => Add(item, values) | any);
            case IEnumerable list and not (string or IDictionary):
                return list.Cast<object?>().Aggregate(false, (any, item) => Add(item, values) | any);
            default:
                values.Add((string)ValueConversion.Convert(value, typeof(string))!);
                return false;
        }
    }
}
