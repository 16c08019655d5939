using System.Net;

namespace FederationWorkflows.Http.Outbound;

/// <summary>Hosts as settings name them: an exact name or address, or <c>*.suffix</c> for everything below a domain. Immutable once read.</summary>
internal sealed class HostPatterns
{
    private readonly HashSet<string> hosts = new(StringComparer.OrdinalIgnoreCase);

    private readonly List<string> suffixes = [];

    public bool IsEmpty => hosts.Count == 0 && suffixes.Count == 0;

    /// <summary>Reads patterns that were found right before.</summary>
    public static HostPatterns Of(IEnumerable<string> patterns) => Read(patterns, "", []);

    /// <summary>Reads patterns; what is none becomes a problem.</summary>
    public static HostPatterns Read(IEnumerable<string> patterns, string setting, List<string> problems)
    {
        var result = new HostPatterns();
        foreach (var pattern in patterns)
        {
            result.Add(pattern.Trim(), setting, problems);
        }

        return result;
    }

    public static string Normal(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();

    /// <summary>A pattern is exactly this host.</summary>
    public bool Names(string host) => hosts.Contains(Normal(host));

    public bool Contains(string host)
    {
        host = Normal(host);
        return hosts.Contains(host)
            || (!IPAddress.TryParse(host, out _) && suffixes.Exists(suffix => host.Length > suffix.Length && host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)));
    }

    private void Add(string host, string setting, List<string> problems)
    {
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        if (Uri.CheckHostName(name.Trim('[', ']')) is UriHostNameType.Unknown or UriHostNameType.Basic)
        {
            problems.Add($"{setting}: '{host}' is no host. Write a name, an address, or *.suffix, without scheme, port or path.");
        }
        else if (name.Length < host.Length)
        {
            suffixes.Add("." + Normal(name));
        }
        else
        {
            hosts.Add(Normal(name));
        }
    }
}
