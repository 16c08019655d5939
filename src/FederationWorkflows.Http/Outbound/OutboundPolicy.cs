namespace FederationWorkflows.Http.Outbound;

/// <summary>
/// Where the requests of stories may go. It is host configuration, section <see cref="Section"/>; no story can widen it.
/// Without any setting, only public addresses can be reached.
/// </summary>
public sealed class OutboundPolicy
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Http:Outbound";

    /// <summary>Allows loopback addresses: 127.0.0.0/8 and ::1.</summary>
    public bool AllowLoopback { get; set; }

    /// <summary>Allows private networks: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 and fc00::/7. Metadata services among them stay refused.</summary>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>
    /// Hosts that may be on a loopback, private or link-local address: an exact name or address, or <c>*.suffix</c> for everything below a domain.
    /// Metadata services stay refused: they also need <see cref="AllowedNetworks"/>.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Networks in CIDR notation that may be reached whatever they are, metadata services included.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>
    /// Hosts, written as in <see cref="AllowedHosts"/>, whose requests say of which trace they are (W3C Trace Context's traceparent): services of one's
    /// own. None without a setting, since nobody else is to learn of them.
    /// </summary>
    public IList<string> TraceContextHosts { get; } = [];

    /// <summary>The longest body of an answer, in bytes after decompression. From 1 to 1 GiB.</summary>
    public long MaxResponseBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>How many redirects one request follows, from 0 to 20.</summary>
    public int MaxRedirects { get; set; } = 5;

    /// <summary>How long one request may take, redirects and body included; stories can only shorten it. Above zero, up to one hour.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>How long looking up the host, connecting and the TLS handshake may take together. Above zero, up to one hour.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);
}
