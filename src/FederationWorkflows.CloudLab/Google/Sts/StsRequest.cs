using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace FederationWorkflows.CloudLab.Google.Sts;

/// <summary>A request of the token method: a form with RFC 8693's names, or JSON with those names or in camel case, as Google's REST reference has them.</summary>
internal sealed class StsRequest
{
    private readonly Dictionary<string, string> members = new(StringComparer.Ordinal);

    private StsRequest()
    {
    }

    /// <summary>A member by RFC 8693's name; empty when it was not given.</summary>
    public string this[string name] => members.GetValueOrDefault(name, "");

    /// <exception cref="OAuthException">The body is no JSON object of texts.</exception>
    public static StsRequest Parse(string body, bool isForm)
    {
        var request = new StsRequest();
        if (isForm)
        {
            foreach (var (name, values) in QueryHelpers.ParseQuery(body))
            {
                request.members[name] = values.ToString();
            }

            return request;
        }

        if (!BoundedJson.TryParseObject(Encoding.UTF8.GetBytes(body), out var json))
        {
            throw OAuthException.InvalidRequest("Invalid JSON payload received. Expected a JSON object.");
        }

        foreach (var member in json.EnumerateObject())
        {
            request.members[JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name)] =
                member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
        }

        return request;
    }
}
