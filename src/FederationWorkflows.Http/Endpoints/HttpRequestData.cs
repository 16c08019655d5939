using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>
/// A request as a run keeps it. It goes through JSON and back; the codec of the run's state encrypts what is secret in it. Header names are in lower case.
/// Headers and query parameters that hold credentials - Authorization, cookies, anything named a token, key, secret or password - are only among the secret ones.
/// </summary>
public sealed record HttpRequestData : ITriggerView
{
    /// <summary>The method, in upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The path as ASP.NET Core gives it: decoded, without the base path of the host.</summary>
    public required string Path { get; init; }

    /// <summary>The values of the route's parameters, decoded. The one who matched the route sets them.</summary>
    public IReadOnlyDictionary<string, string> RouteData { get; init; } = new Dictionary<string, string>();

    /// <summary>The query's parameters, but for credentials.</summary>
    public IReadOnlyDictionary<string, string[]> Query { get; init; } = new Dictionary<string, string[]>();

    /// <summary>The query's parameters that are credentials by their name.</summary>
    public IReadOnlyDictionary<string, Sensitive<string>> SecretQuery { get; init; } = new Dictionary<string, Sensitive<string>>();

    /// <summary>The headers, but for credentials.</summary>
    public IReadOnlyDictionary<string, string[]> Headers { get; init; } = new Dictionary<string, string[]>();

    /// <summary>The headers that hold credentials; several values are joined with a comma.</summary>
    public IReadOnlyDictionary<string, Sensitive<string>> SecretHeaders { get; init; } = new Dictionary<string, Sensitive<string>>();

    /// <summary>The Content-Type header, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>How many bytes the body had.</summary>
    public long ContentLength { get; init; }

    /// <summary>The body as it came, when its content type has no form of its own in <see cref="ParsedContent"/>; a run keeps a body once.</summary>
    public byte[]? Body { get; init; }

    /// <summary>The body by its content type: JSON, the fields of a form as an object, text as a JSON text. Null for anything else.</summary>
    public JsonElement? ParsedContent { get; init; }

    /// <summary>The files of a multipart body.</summary>
    public IReadOnlyList<HttpFile> Files { get; init; } = [];

    /// <summary>
    /// What stories write: <c>trigger.body</c> (JSON, fields, text, or bytes), <c>trigger.headers['x-event']</c>, <c>trigger.query.page</c>,
    /// <c>trigger.route.id</c>, <c>trigger.method</c>, <c>trigger.path</c>, <c>trigger.contentType</c>, <c>trigger.files</c>. Several values of a header
    /// or parameter are joined with a comma; those that are credentials are secrets. A header is found in any case (RFC 9110, 5.1).
    /// </summary>
    IReadOnlyDictionary<string, object?> ITriggerView.ForExpressions() => new Dictionary<string, object?>
    {
        ["method"] = Method,
        ["path"] = Path,
        ["body"] = ParsedContent is { } json ? json : Body,
        ["headers"] = Joined(Headers, SecretHeaders, StringComparer.OrdinalIgnoreCase),
        ["query"] = Joined(Query, SecretQuery, StringComparer.Ordinal),
        ["route"] = RouteData,
        ["contentType"] = ContentType,
        ["files"] = Files,
    };

    private static Dictionary<string, object?> Joined(
        IReadOnlyDictionary<string, string[]> open, IReadOnlyDictionary<string, Sensitive<string>> secret, StringComparer names)
    {
        var all = open.ToDictionary(item => item.Key, object? (item) => string.Join(",", item.Value), names);
        foreach (var (name, value) in secret)
        {
            all[name] = value;
        }

        return all;
    }
}

/// <summary>A file that was sent in a form.</summary>
/// <param name="Name">The name of the form's field.</param>
/// <param name="FileName">The name of the file, without folders.</param>
/// <param name="ContentType">The content type the sender gave it, or null.</param>
/// <param name="Content">The file.</param>
public sealed record HttpFile(string Name, string FileName, string? ContentType, byte[] Content);
