namespace FederationWorkflows.CloudLab;

/// <summary>What a sink was sent.</summary>
public sealed record SinkRequest
{
    /// <summary>Its number at its sink, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path as it came, with the query.</summary>
    public required string Target { get; init; }

    /// <summary>The headers: names as they came, several values joined by commas.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>The body: text, or Base64 when it is not UTF-8.</summary>
    public required string Body { get; init; }

    /// <summary>Whether <see cref="Body"/> is Base64.</summary>
    public bool IsBase64 { get; init; }

    /// <summary>Whether the body went on beyond what is kept.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>The status it was answered with; null when the connection was cut.</summary>
    public int? AnsweredWith { get; init; }
}
