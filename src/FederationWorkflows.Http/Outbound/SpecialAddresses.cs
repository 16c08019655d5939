using System.Net;
using System.Net.Sockets;

namespace FederationWorkflows.Http.Outbound;

/// <summary>What an address is, as far as it matters to who may be called.</summary>
internal enum AddressKind
{
    Public,
    Loopback,
    Private,
    LinkLocal,
    Metadata,
    Reserved,

    /// <summary>Nobody a request could be sent to.</summary>
    NoDestination,
}

/// <summary>An address as it is judged and connected to.</summary>
/// <param name="Target">The address to connect to.</param>
/// <param name="Judged">The address the judgement is about: the IPv4 address inside <paramref name="Target"/>, or itself.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">What it is, with its article.</param>
internal readonly record struct JudgedAddress(IPAddress Target, IPAddress Judged, AddressKind Kind, string Name);

/// <summary>
/// The special-purpose addresses (IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890) and the metadata services of the clouds.
/// An IPv6 address that leads to an IPv4 one is judged as that.
/// </summary>
internal static class SpecialAddresses
{
    private static readonly HashSet<string> MetadataNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal",
    };

    private const string MetadataService = "a cloud metadata service";

    /// <summary>The first that holds an address decides.</summary>
    private static readonly (IPNetwork Network, AddressKind Kind, string Name)[] Known =
    [
        Entry("169.254.169.254/32", AddressKind.Metadata, MetadataService),
        Entry("169.254.170.2/32", AddressKind.Metadata, "the AWS container credentials service"),
        Entry("169.254.170.23/32", AddressKind.Metadata, "the AWS container credentials service"),
        Entry("100.100.100.200/32", AddressKind.Metadata, MetadataService),
        Entry("168.63.129.16/32", AddressKind.Metadata, "the Azure host service"),
        Entry("192.0.0.192/32", AddressKind.Metadata, MetadataService),
        Entry("fd00:ec2::/32", AddressKind.Metadata, MetadataService),
        Entry("fd20:ce::254/128", AddressKind.Metadata, MetadataService),
        Entry("0.0.0.0/8", AddressKind.NoDestination, "an unspecified address"),
        Entry("127.0.0.0/8", AddressKind.Loopback, "a loopback address"),
        Entry("10.0.0.0/8", AddressKind.Private, "a private address"),
        Entry("172.16.0.0/12", AddressKind.Private, "a private address"),
        Entry("192.168.0.0/16", AddressKind.Private, "a private address"),
        Entry("100.64.0.0/10", AddressKind.Private, "a shared (carrier-grade NAT) address"),
        Entry("169.254.0.0/16", AddressKind.LinkLocal, "a link-local address"),
        Entry("224.0.0.0/4", AddressKind.NoDestination, "a multicast address"),
        Entry("255.255.255.255/32", AddressKind.NoDestination, "the broadcast address"),
        Entry("192.0.0.0/24", AddressKind.Reserved, "a reserved address"),
        Entry("192.0.2.0/24", AddressKind.Reserved, "a documentation address"),
        Entry("192.88.99.0/24", AddressKind.Reserved, "a reserved address"),
        Entry("198.18.0.0/15", AddressKind.Reserved, "a benchmarking address"),
        Entry("198.51.100.0/24", AddressKind.Reserved, "a documentation address"),
        Entry("203.0.113.0/24", AddressKind.Reserved, "a documentation address"),
        Entry("240.0.0.0/4", AddressKind.Reserved, "a reserved address"),
        Entry("::/128", AddressKind.NoDestination, "an unspecified address"),
        Entry("::1/128", AddressKind.Loopback, "a loopback address"),
        Entry("fc00::/7", AddressKind.Private, "a private address"),
        Entry("fe80::/10", AddressKind.LinkLocal, "a link-local address"),
        Entry("fec0::/10", AddressKind.Private, "a private (site-local) address"),
        Entry("ff00::/8", AddressKind.NoDestination, "a multicast address"),
        Entry("2001::/23", AddressKind.Reserved, "a reserved address"),
        Entry("2001:db8::/32", AddressKind.Reserved, "a documentation address"),
        Entry("3fff::/20", AddressKind.Reserved, "a documentation address"),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Where the four bytes of an IPv4 address stand inside an IPv6 one: RFC 6052 (NAT64), RFC 3056 (6to4), RFC 2765 (translated), RFC 4291 (compatible).</summary>
    private static readonly (IPNetwork Network, int Offset, string Name)[] Embedding =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12, "NAT64"),
        (IPNetwork.Parse("2002::/16"), 2, "6to4"),
        (IPNetwork.Parse("::ffff:0:0:0/96"), 12, "IPv4-translated"),
        (IPNetwork.Parse("::/96"), 12, "IPv4-compatible"),
    ];

    /// <summary>Whether a name is that of a metadata service, wherever it resolves to.</summary>
    public static bool IsMetadataName(string host) => MetadataNames.Contains(host);

    public static JudgedAddress Judge(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            var inner = address.MapToIPv4();
            return Find(inner) is { } mapped ? new JudgedAddress(inner, inner, mapped.Kind, mapped.Name) : new JudgedAddress(inner, inner, AddressKind.Public, "a public address");
        }

        // The zone of a link-local address takes no part in the comparison.
        var bare = address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;
        if (Find(bare) is { } found)
        {
            return new JudgedAddress(address, bare, found.Kind, found.Name);
        }

        if (bare.AddressFamily == AddressFamily.InterNetwork)
        {
            return new JudgedAddress(address, bare, AddressKind.Public, "a public address");
        }

        foreach (var (network, offset, name) in Embedding)
        {
            if (network.Contains(bare))
            {
                var inner = new IPAddress(bare.GetAddressBytes().AsSpan(offset, 4));
                return Find(inner) is { } embedded
                    ? new JudgedAddress(address, inner, embedded.Kind, $"{embedded.Name} ({inner}) in {name} form")
                    : new JudgedAddress(address, inner, name == "NAT64" ? AddressKind.Public : AddressKind.Reserved, $"an address in {name} form");
            }
        }

        return GlobalUnicast.Contains(bare)
            ? new JudgedAddress(address, bare, AddressKind.Public, "a public address")
            : new JudgedAddress(address, bare, AddressKind.Reserved, "a reserved address");
    }

    private static (AddressKind Kind, string Name)? Find(IPAddress address)
    {
        foreach (var (network, kind, name) in Known)
        {
            if (network.Contains(address))
            {
                return (kind, name);
            }
        }

        return null;
    }

    private static (IPNetwork Network, AddressKind Kind, string Name) Entry(string network, AddressKind kind, string name) => (IPNetwork.Parse(network), kind, name);
}
