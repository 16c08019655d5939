using System.Collections;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http;

/// <summary>A header as a story gives it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Values">The values in clear.</param>
/// <param name="IsSensitive">One of the values is a secret.</param>
internal sealed record StoryHeader(string Name, string[] Values, bool IsSensitive);

/// <summary>Reads the headers of a story: an object whose values are texts or lists of texts, any of them possibly secret.</summary>
internal static class HeaderValues
{
    /// <summary>Reads and checks them.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="isSensitive">They are a secret as a whole: a name may be the secret, and names are sent, stored and shown in clear.</param>
    /// <exception cref="InvalidOperationException">A header may not be set, or not like this.</exception>
    public static List<StoryHeader> Read(IDictionary<string, object?>? headers, bool isSensitive)
    {
        if (isSensitive && headers is { Count: > 0 })
        {
            throw new InvalidOperationException("The names of headers may not be secret, and these headers are a secret as a whole. Use a Template, "
                + "in which only the values come from secrets, for example {\"X-Token\": \"${secrets.token}\"}.");
        }

        var result = new List<StoryHeader>();
        foreach (var (name, value) in headers ?? new Dictionary<string, object?>())
        {
            var values = new List<string>();
            var sensitive = Add(value, values);
            if (HeaderFields.Problem(name, values) is { } problem)
            {
                throw new InvalidOperationException(problem);
            }

            if (values.Count > 0)
            {
                result.Add(new StoryHeader(name, [.. values], sensitive));
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
                Add(Secrets.Reveal(sensitive), values);
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
