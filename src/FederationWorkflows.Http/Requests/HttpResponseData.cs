using FederationWorkflows.Engine;

namespace FederationWorkflows.Http.Requests;

/// <summary>What came back for a request, but for the body: that has an output of its own. Header names are in lower case.</summary>
public sealed record HttpResponseData
{
    /// <summary>The status code.</summary>
    public required int StatusCode { get; init; }

    /// <summary>The words after the status code, or null.</summary>
    public string? ReasonPhrase { get; init; }

    /// <summary>The headers, but for credentials.</summary>
    public IReadOnlyDictionary<string, string[]> Headers { get; init; } = new Dictionary<string, string[]>();

    /// <summary>The headers that hold credentials, such as cookies, or repeat a secret of the request; several values are joined with a comma.</summary>
    public IReadOnlyDictionary<string, Sensitive<string>> SecretHeaders { get; init; } = new Dictionary<string, Sensitive<string>>();

    /// <summary>The Content-Type header, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>How many bytes the body had after decompression.</summary>
    public long ContentLength { get; init; }
}
