namespace FederationWorkflows.Http.Endpoints;

/// <summary>
/// The answer a story gives. The host sends it once the run's state is on disk, if a caller still waits; otherwise nobody is there to be answered and it is dropped.
/// Of several from one run the first counts. Headers are checked: the host can send them as they are. A host that serves pages for people on the same origin
/// sends it with <c>X-Content-Type-Options: nosniff</c> and <c>Content-Security-Policy: sandbox</c>, because a story's HTML must not act as one of them.
/// </summary>
/// <param name="StatusCode">From 200 to 599.</param>
/// <param name="ContentType">The Content-Type header; null when there is no body.</param>
/// <param name="Headers">The other headers.</param>
/// <param name="Body">The body; empty for none.</param>
public sealed record HttpResponseEffect(int StatusCode, string? ContentType, IReadOnlyDictionary<string, string[]> Headers, byte[] Body);
