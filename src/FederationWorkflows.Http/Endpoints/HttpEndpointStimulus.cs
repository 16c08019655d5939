using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>
/// The request that starts or resumes a run at an HttpEndpoint, one for each method. Paths have parameters, so it is found with an
/// <see cref="HttpRouteTable{T}"/>, not by its hash. What the host must know before there is a run stands beside path and method.
/// </summary>
/// <param name="Path">The route template without outer slashes, literals in lower case.</param>
/// <param name="Method">The method in lower case.</param>
public sealed record HttpEndpointStimulus(string Path, string Method)
{
    /// <summary>Only requests the host has authorized get in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Authorize { get; init; }

    /// <summary>Who may call; null when the story names nobody.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HttpCaller? Caller { get; init; }

    /// <summary>The name of the authorization policy; the host's default when null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Policy { get; init; }

    /// <summary>How long the caller waits for an answer of the story; the host's default when null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>Rules whose breach is answered with 413 or 415 and starts nothing; those with an outcome of their own are not among them. Null when there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HttpUploadRules? Rules { get; init; }

    /// <summary>A stimulus that may have been stored as JSON; null when it is none.</summary>
    public static HttpEndpointStimulus? From(object? stimulus) => stimulus switch
    {
        HttpEndpointStimulus typed => typed,
        JsonElement { ValueKind: JsonValueKind.Object } json => (HttpEndpointStimulus?)ValueConversion.Convert(json, typeof(HttpEndpointStimulus)),
        _ => null,
    };
}
