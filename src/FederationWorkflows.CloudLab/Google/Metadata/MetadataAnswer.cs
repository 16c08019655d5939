using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Metadata;

/// <summary>
/// What the metadata server answers. Google's error pages are HTML around one sentence; here is the sentence alone, as plain text, because it repeats the
/// path as it came.
/// </summary>
internal sealed record MetadataAnswer(int Status, string ContentType, string Body)
{
    private const string Plain = "text/plain; charset=UTF-8";

    public static MetadataAnswer Text(string body) => new(StatusCodes.Status200OK, "application/text", body);

    public static MetadataAnswer Json(JsonNode body) => new(StatusCodes.Status200OK, "application/json", body.ToJsonString());

    public static MetadataAnswer BadRequest(string problem) => new(StatusCodes.Status400BadRequest, Plain, problem + "\n");

    public static MetadataAnswer Forbidden(string path, string? reason = null) => new(
        StatusCodes.Status403Forbidden,
        Plain,
        $"Your client does not have permission to get URL {path} from this server.{(reason is null ? "" : " " + reason)} That’s all we know.\n");

    public static MetadataAnswer NotFound(string path) =>
        new(StatusCodes.Status404NotFound, Plain, $"The requested URL {path} was not found on this server. That’s all we know.\n");

    public static MetadataAnswer MethodNotAllowed(string method, string path) =>
        new(StatusCodes.Status405MethodNotAllowed, Plain, $"The request method {method} is inappropriate for the URL {path}. That’s all we know.\n");
}
