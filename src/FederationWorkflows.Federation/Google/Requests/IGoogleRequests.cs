using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Requests;

namespace FederationWorkflows.Federation.Google.Requests;

/// <summary>Calls any Google API with an access token.</summary>
public interface IGoogleRequests
{
    /// <summary>
    /// Sends a request once. It goes to a host of <c>googleapis.com</c> that the service names, or where the host's configuration says; redirects are not
    /// followed, and an answer is at most 8 MiB.
    /// </summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or Google refused.</exception>
    Task<CloudAnswer> SendAsync(GoogleRequest request, CancellationToken cancellationToken = default);
}

/// <summary>A request to a Google API.</summary>
public sealed record GoogleRequest
{
    /// <summary>The access token.</summary>
    public required Sensitive<string> Token { get; init; }

    /// <summary>The API's host without <c>.googleapis.com</c>, or with it: <c>storage</c>, <c>us-central1-aiplatform</c>, <c>aiplatform.us-central1.rep</c>.</summary>
    public required string Service { get; init; }

    /// <summary>GET, HEAD, POST, PUT, PATCH or DELETE.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The path, escaped where it must be.</summary>
    public required string Path { get; init; }

    /// <summary>The query, not escaped.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>The media type of the body; null when there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body, at most <see cref="Aws.Objects.ObjectOptions.MaxContentBytes"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The project that is billed and whose quota counts (<c>x-goog-user-project</c>); null for the API's choice.</summary>
    public string? QuotaProject { get; init; }

    /// <summary>Texts of the request that its answer must not show.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>What is called answers in JSON; what something between answers is not taken for it.</summary>
    internal bool IsForJson { get; init; }
}
