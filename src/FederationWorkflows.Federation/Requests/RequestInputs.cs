using System.Text.Json;
using System.Text.RegularExpressions;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Requests;

/// <summary>Checks what a story puts into a request: a path stays a path, and a header a header.</summary>
internal static partial class RequestInputs
{
    private const int MaxPath = 4096;
    private const int MaxNames = 200;
    private const int MaxValue = 8192;

    private static readonly HashSet<string> Methods = new(StringComparer.Ordinal) { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

    /// <summary>Headers that this host sets, that are about the connection, or that speak for somebody.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Authorization", "Proxy-Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Expect", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
    };

    public static string RequireMethod(OutboundCall call, string? method, string otherwise)
    {
        var name = string.IsNullOrWhiteSpace(method) ? otherwise : method.Trim().ToUpperInvariant();
        return Methods.Contains(name) ? name : throw call.Input("the method is none that can be sent", $"Give one of {string.Join(", ", Methods)}.");
    }

    public static void RequirePath(OutboundCall call, string path)
    {
        if (path.Length is 0 or > MaxPath || path[0] != '/' || !Path().IsMatch(path))
        {
            throw call.Input(
                "the path is none", $"Begin it with /, escape with % what is not a visible ASCII character, ? or #, and use at most {MaxPath} characters; what follows ? goes into the query.");
        }

        if (Uri.UnescapeDataString(path).Split('/').Any(static segment => segment is "." or ".."))
        {
            throw call.Input("the path has a segment . or ..", "Write the path without them.");
        }
    }

    public static void RequireHeaders(OutboundCall call, IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > MaxNames)
        {
            throw call.Input($"{headers.Count} headers are given", $"Give at most {MaxNames}.");
        }

        foreach (var (name, value) in headers)
        {
            if (!Token().IsMatch(name) || Reserved.Contains(name))
            {
                throw call.Input($"the header {CloudText.Code(name, "")} cannot be set".Replace("  ", " ", StringComparison.Ordinal), "Leave it out: names are tokens, and what signs, addresses and frames the request is set by this host.");
            }

            if (value.Length > MaxValue || !HeaderText().IsMatch(value))
            {
                throw call.Input($"the header {name} has a value that cannot be sent", $"Give visible ASCII and spaces, at most {MaxValue} characters.");
            }
        }
    }

    public static string QueryString(OutboundCall call, IReadOnlyList<KeyValuePair<string, string>> query)
    {
        if (query.Count > MaxNames || query.Any(static item => item.Key.Length is 0 or > 200 || item.Value.Length > MaxValue))
        {
            throw call.Input("the query is too large", $"Give at most {MaxNames} parameters with names of 1 to 200 and values of at most {MaxValue} characters.");
        }

        return query.Count == 0 ? "" : "?" + string.Join('&', query.Select(static item => $"{Uri.EscapeDataString(item.Key)}={Uri.EscapeDataString(item.Value)}"));
    }

    /// <summary>A story's object as names and texts; a list gives its name several times.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Pairs(IDictionary<string, object?>? given)
    {
        if (given is null)
        {
            return [];
        }

        using var json = JsonDocument.Parse(InClear.ToJson(given));
        return [.. json.RootElement.EnumerateObject().SelectMany(static property => (property.Value.ValueKind == JsonValueKind.Array ? property.Value.EnumerateArray() : Enumerable.Repeat(property.Value, 1))
            .Where(static value => value.ValueKind != JsonValueKind.Null)
            .Select(value => KeyValuePair.Create(property.Name, Text(value))))];
    }

    /// <summary>A scalar as text; what is not one as JSON.</summary>
    public static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    [GeneratedRegex(@"\A/([\x21\x22\x24\x26-\x3E\x40-\x7E]|%[0-9A-Fa-f]{2})*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Path();

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A[\x20-\x7E]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HeaderText();
}
