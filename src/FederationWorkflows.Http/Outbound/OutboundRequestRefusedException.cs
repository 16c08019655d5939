using System.Net;

namespace FederationWorkflows.Http.Outbound;

/// <summary>A request that this host does not send, because of where it would go or how.</summary>
public sealed class OutboundRequestRefusedException : Exception
{
    internal OutboundRequestRefusedException(string host, IPAddress? address, string rule, string? setting, string remedy)
        : base($"The request to '{host}' was refused: {rule}. {remedy}")
    {
        Host = host;
        Address = address;
        Rule = rule;
        Setting = setting;
    }

    /// <summary>The host of the request, or of the redirect that was refused.</summary>
    public string Host { get; }

    /// <summary>The address the host resolved to, when that is the reason.</summary>
    public IPAddress? Address { get; }

    /// <summary>What is not allowed, as the middle of a sentence.</summary>
    public string Rule { get; }

    /// <summary>The host setting that would allow it; null when none does.</summary>
    public string? Setting { get; }
}
