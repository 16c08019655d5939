using System.Net;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Outbound;

/// <summary>The policy, read and ready to judge. Immutable.</summary>
internal sealed class OutboundRules
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(1);

    private readonly bool allowLoopback;

    private readonly bool allowPrivate;

    private readonly HostPatterns hosts;

    private readonly List<IPNetwork> networks = [];

    /// <summary>Reads the policy.</summary>
    /// <exception cref="OptionsValidationException">Some settings are wrong; all of them are named.</exception>
    public OutboundRules(OutboundPolicy policy)
    {
        var problems = new List<string>();
        hosts = HostPatterns.Read(policy.AllowedHosts, Setting(nameof(OutboundPolicy.AllowedHosts)), problems);
        TraceContextHosts = HostPatterns.Read(policy.TraceContextHosts, Setting(nameof(OutboundPolicy.TraceContextHosts)), problems);
        foreach (var text in policy.AllowedNetworks)
        {
            if (IPNetwork.TryParse(text.Trim(), out var network))
            {
                networks.Add(network);
            }
            else
            {
                problems.Add($"{Setting(nameof(OutboundPolicy.AllowedNetworks))}: '{text}' is no network. Write it in CIDR notation, such as 10.1.0.0/16.");
            }
        }

        Require(policy.MaxResponseBytes is >= 1 and <= 1L << 30, nameof(OutboundPolicy.MaxResponseBytes), "must be from 1 to 1073741824");
        Require(policy.MaxRedirects is >= 0 and <= 20, nameof(OutboundPolicy.MaxRedirects), "must be from 0 to 20");
        Require(policy.Timeout > TimeSpan.Zero && policy.Timeout <= LongestTimeout, nameof(OutboundPolicy.Timeout), "must be above zero and at most 01:00:00");
        Require(policy.ConnectTimeout > TimeSpan.Zero && policy.ConnectTimeout <= LongestTimeout, nameof(OutboundPolicy.ConnectTimeout), "must be above zero and at most 01:00:00");
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(nameof(OutboundPolicy), typeof(OutboundPolicy), problems);
        }

        allowLoopback = policy.AllowLoopback;
        allowPrivate = policy.AllowPrivateNetworks;
        MaxResponseBytes = policy.MaxResponseBytes;
        MaxRedirects = policy.MaxRedirects;
        Timeout = policy.Timeout;
        ConnectTimeout = policy.ConnectTimeout;

        void Require(bool holds, string setting, string rule)
        {
            if (!holds)
            {
                problems.Add($"{Setting(setting)} {rule}.");
            }
        }
    }

    /// <summary>Hosts that are told of the trace.</summary>
    public HostPatterns TraceContextHosts { get; }

    public long MaxResponseBytes { get; }

    public int MaxRedirects { get; }

    public TimeSpan Timeout { get; }

    public TimeSpan ConnectTimeout { get; }

    public static string Setting(string name) => $"{OutboundPolicy.Section}:{name}";

    /// <summary>What can be said of a URL before its host is looked up.</summary>
    /// <exception cref="OutboundRequestRefusedException">The URL is not one to send a request to.</exception>
    public void Check(Uri? url)
    {
        if (url is not { IsAbsoluteUri: true } || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.IdnHost.Length == 0)
        {
            throw new OutboundRequestRefusedException(url is { IsAbsoluteUri: true } ? url.IdnHost : "", null, "only absolute http and https URLs can be called", null, "Write the URL as https://host/path.");
        }

        if (url.UserInfo.Length > 0)
        {
            throw new OutboundRequestRefusedException(url.IdnHost, null, "the URL has a user name or password in it", null, "Take it out of the URL and use the authorization input: it is kept secret.");
        }

        var host = HostPatterns.Normal(url.IdnHost);
        if (SpecialAddresses.IsMetadataName(host) && !hosts.Names(host))
        {
            throw new OutboundRequestRefusedException(
                host, null, "it is the name of a cloud metadata service, which gives out credentials", Setting(nameof(OutboundPolicy.AllowedHosts)),
                $"Use a connection for credentials. Only if stories must call it, add the name to {Setting(nameof(OutboundPolicy.AllowedHosts))} and its address to {Setting(nameof(OutboundPolicy.AllowedNetworks))}.");
        }
    }

    /// <summary>Judges one address a host resolved to.</summary>
    /// <returns>The address to connect to.</returns>
    /// <exception cref="OutboundRequestRefusedException">The address may not be reached.</exception>
    public IPAddress Check(string host, IPAddress address)
    {
        host = HostPatterns.Normal(host);
        var judged = SpecialAddresses.Judge(address);
        if (judged.Kind == AddressKind.Public)
        {
            return judged.Target;
        }

        if (judged.Kind != AddressKind.NoDestination)
        {
            var allowed = judged.Kind switch
            {
                AddressKind.Loopback => allowLoopback || hosts.Contains(host),
                AddressKind.Private => allowPrivate || hosts.Contains(host),
                AddressKind.LinkLocal => hosts.Contains(host),
                _ => false,
            };
            if (allowed || networks.Exists(network => network.Contains(judged.Judged) || network.Contains(judged.Target)))
            {
                return judged.Target;
            }
        }

        throw Refusal(host, address, judged);
    }

    private static OutboundRequestRefusedException Refusal(string host, IPAddress address, JudgedAddress judged)
    {
        var rule = host == address.ToString() ? $"it is {judged.Name}" : $"it resolves to {address}, {judged.Name}";
        var hosts = Setting(nameof(OutboundPolicy.AllowedHosts));
        var networks = Setting(nameof(OutboundPolicy.AllowedNetworks));
        var (setting, remedy) = judged.Kind switch
        {
            AddressKind.Loopback => (Setting(nameof(OutboundPolicy.AllowLoopback)), $"To allow it, an administrator sets {Setting(nameof(OutboundPolicy.AllowLoopback))} to true or adds the host to {hosts}."),
            AddressKind.Private => (Setting(nameof(OutboundPolicy.AllowPrivateNetworks)), $"To allow it, an administrator sets {Setting(nameof(OutboundPolicy.AllowPrivateNetworks))} to true or adds the host to {hosts}."),
            AddressKind.LinkLocal => (hosts, $"To allow it, an administrator adds the host to {hosts}."),
            AddressKind.Metadata => (networks, $"It gives out credentials: use a connection instead. Only if stories must call it, an administrator adds the address to {networks}."),
            AddressKind.Reserved => (networks, $"To allow it, an administrator adds the network to {networks}."),
            _ => ((string?)null, "Write the address of the host that is meant."),
        };
        return new OutboundRequestRefusedException(host, address, rule, setting, remedy);
    }
}
