using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Server.Hosting;

/// <summary>How the server works: configuration section <c>Server</c>.</summary>
public sealed class ServerOptions
{
    /// <summary>Paths to a server: anything else in front of its links could lead elsewhere.</summary>
    internal const string PathForm = @"(/[A-Za-z0-9_\-]+)*";

    /// <summary>The section's name.</summary>
    public const string Section = "Server";

    internal static readonly TimeSpan LongestResponseTimeout = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The folder whose stories are published at start and whenever they change, relative to the working directory; null or empty for none. Of
    /// several nodes over one database, give it to one.
    /// </summary>
    public string? Stories { get; set; } = "workflows";

    /// <summary>A story that is published by other means is written to the file it came from.</summary>
    public bool WriteStories { get; set; } = true;

    /// <summary>What the paths of HTTP endpoints follow; Elsa's default.</summary>
    [Required]
    [RegularExpression(@"/[A-Za-z0-9_\-/]*[A-Za-z0-9_\-]", ErrorMessage = "Server:WebhookBasePath must begin with / and not end with it.")]
    public string WebhookBasePath { get; set; } = "/workflows";

    /// <summary>
    /// What everything's path begins with, where a proxy leads only a part of a site here and leaves the path as it is, e.g. <c>/flows</c>; empty for
    /// none, and where the proxy takes it away and says so (<c>X-Forwarded-Prefix</c>).
    /// </summary>
    [RegularExpression(PathForm, ErrorMessage = "Server:PathBase must begin with / and not end with it.")]
    public string PathBase { get; set; } = "";

    /// <summary>
    /// Addresses and networks (CIDR) of proxies whose word is taken on the caller's address and on what he called (<c>X-Forwarded-For</c>, <c>-Proto</c>,
    /// <c>-Host</c>, <c>-Prefix</c>); nobody's when empty.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>Where people reach the server, e.g. <c>https://flows.example</c>: what links to it begin with that stories send. They begin with the path when null.</summary>
    [Url]
    public string? PublicUrl { get; set; }

    /// <summary>How long a caller waits for a story that answers; then it gets 202 with the run's id. One second to ten minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = "Server:ResponseTimeout must be from 00:00:01 to 00:10:00.")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(60);
}
