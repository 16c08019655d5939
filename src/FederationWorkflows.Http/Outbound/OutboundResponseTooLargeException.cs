using System.Globalization;

namespace FederationWorkflows.Http.Outbound;

/// <summary>The body of an answer is longer than <see cref="OutboundPolicy.MaxResponseBytes"/>; the rest of it was not read.</summary>
public sealed class OutboundResponseTooLargeException : Exception
{
    internal OutboundResponseTooLargeException(string host, long limit)
        : base(string.Create(CultureInfo.InvariantCulture, $"The answer of '{host}' is longer than {limit} bytes after decompression. Ask for less at once, or raise {OutboundPolicy.Section}:{nameof(OutboundPolicy.MaxResponseBytes)}."))
    {
        Host = host;
        Limit = limit;
    }

    /// <summary>The host that answered.</summary>
    public string Host { get; }

    /// <summary>The limit in bytes.</summary>
    public long Limit { get; }
}
