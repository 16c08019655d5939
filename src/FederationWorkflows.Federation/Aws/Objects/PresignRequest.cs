using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>What a presigned URL allows.</summary>
public enum PresignedOperation
{
    /// <summary>To read the object.</summary>
    Get,

    /// <summary>To write the object.</summary>
    Put,
}

/// <summary>What <see cref="IObjects.Presign"/> is asked for.</summary>
public sealed record PresignRequest
{
    /// <summary>The object.</summary>
    public required ObjectAddress Address { get; init; }

    /// <summary>What the URL allows.</summary>
    public PresignedOperation Operation { get; init; }

    /// <summary>1 second to 7 days. The URL ends with the credentials, whatever this is.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>For writing: the media type that must be sent as <c>Content-Type</c>; null for any.</summary>
    public string? ContentType { get; init; }
}

/// <summary>A URL that carries its own right: a bearer credential.</summary>
/// <param name="Url">The URL.</param>
/// <param name="ExpiresAt">When it stops working: at the end of its lifetime, or of the credentials if that is sooner.</param>
public sealed record PresignedUrl(Sensitive<string> Url, DateTimeOffset ExpiresAt);
