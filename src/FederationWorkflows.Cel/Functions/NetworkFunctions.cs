using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>IP addresses and networks (the network extension).</summary>
internal static class NetworkFunctions
{
    /// <summary>The longest form of an address, with a zone behind it.</summary>
    private const int MaxLength = 64;

    private static readonly CelType AddressType = CelType.Opaque("net.IP");
    private static readonly CelType NetworkType = CelType.Opaque("net.CIDR");

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("ip", "string", "net.IP", static (_, args) => ParseAddress(args[0].Text, out var problem) is { } address ? CelValue.Of((ICelOpaque)address) : problem),
        Global("ip", "net.IP", "net.IP", static (_, args) => args[0]),
        Global("isIP", "string", "bool", static (_, args) => CelValue.Of(ParseAddress(args[0].Text, out var _) is not null)),
        Global("ip.isCanonical", "string", "bool", static (_, args) => ParseAddress(args[0].Text, out var problem) is { } address ? CelValue.Of(address.Text == args[0].Text) : problem),
        Global("string", "net.IP", "string", static (_, args) => CelValue.Of(args[0].OpaqueValue.Text)),
        Member("family", "net.IP", "int", static (_, args) => CelValue.Of(AddressOf(args[0]).Value.AddressFamily == AddressFamily.InterNetwork ? 4L : 6L)),
        Is("isUnspecified", static address => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)),
        Is("isLoopback", IPAddress.IsLoopback),
        Is("isGlobalUnicast", IsGlobalUnicast),
        Is("isLinkLocalMulticast", IsLinkLocalMulticast),
        Is("isLinkLocalUnicast", static address => IsV4(address) ? address.GetAddressBytes() is [169, 254, ..] : address.IsIPv6LinkLocal),

        Global("cidr", "string", "net.CIDR", static (_, args) => ParseNetwork(args[0].Text, out var problem) is { } network ? CelValue.Of(network) : problem),
        Global("cidr", "net.CIDR", "net.CIDR", static (_, args) => args[0]),
        Global("isCIDR", "string", "bool", static (_, args) => CelValue.Of(ParseNetwork(args[0].Text, out var _) is not null)),
        Global("string", "net.CIDR", "string", static (_, args) => CelValue.Of(args[0].OpaqueValue.Text)),
        Member("containsIP", "net.CIDR, net.IP", "bool", static (_, args) => CelValue.Of(NetworkOf(args[0]).Contains(AddressOf(args[1]).Value))),
        Member("containsIP", "net.CIDR, string", "bool", static (_, args) => ParseAddress(args[1].Text, out var problem) is { } address ? CelValue.Of(NetworkOf(args[0]).Contains(address.Value)) : problem),
        Member("containsCIDR", "net.CIDR, net.CIDR", "bool", static (_, args) => CelValue.Of(NetworkOf(args[0]).Contains(NetworkOf(args[1])))),
        Member("containsCIDR", "net.CIDR, string", "bool", static (_, args) => ParseNetwork(args[1].Text, out var problem) is { } network ? CelValue.Of(NetworkOf(args[0]).Contains(network)) : problem),
        Member("ip", "net.CIDR", "net.IP", static (_, args) => CelValue.Of(new IpAddress(NetworkOf(args[0]).Address))),
        Member("masked", "net.CIDR", "net.CIDR", static (_, args) => CelValue.Of(NetworkOf(args[0]).Masked())),
        Member("prefixLength", "net.CIDR", "int", static (_, args) => CelValue.Of((long)NetworkOf(args[0]).Prefix)),
    ];

    private static IpAddress AddressOf(in CelValue value) => (IpAddress)value.OpaqueValue;

    private static IpNetwork NetworkOf(in CelValue value) => (IpNetwork)value.OpaqueValue;

    private static CelFunction Is(string name, Func<IPAddress, bool> test) => Member(name, "net.IP", "bool", (_, args) => CelValue.Of(test(AddressOf(args[0]).Value)));

    private static bool IsV4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static bool IsMulticast(IPAddress address) => IsV4(address) ? address.GetAddressBytes()[0] is >= 224 and <= 239 : address.IsIPv6Multicast;

    private static bool IsLinkLocalMulticast(IPAddress address) => IsV4(address)
        ? address.GetAddressBytes() is [224, 0, 0, _]
        : address.GetAddressBytes() is [0xFF, var scope, ..] && (scope & 0x0F) == 2;

    private static bool IsGlobalUnicast(IPAddress address) =>
        !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !address.Equals(IPAddress.Broadcast) && !IPAddress.IsLoopback(address)
        && !IsMulticast(address) && !(IsV4(address) ? address.GetAddressBytes() is [169, 254, ..] : address.IsIPv6LinkLocal);

    private static IpAddress? ParseAddress(string text, out CelValue problem)
    {
        problem = default;
        if (text.Length <= MaxLength && text.Contains('%', StringComparison.Ordinal))
        {
            problem = CelValue.Error("IP Address with zone value is not allowed", $"'{text}'");
            return null;
        }

        if (text.Length <= MaxLength && text.Contains(':', StringComparison.Ordinal) && text.Contains('.', StringComparison.Ordinal))
        {
            problem = CelValue.Error("IPv4-mapped IPv6 address is not allowed", $"'{text}'");
            return null;
        }

        // .NET also reads octal parts, missing parts, brackets and ports; an address is written in one way only here.
        var plain = text.Length <= MaxLength && text.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':');
        if (plain && IPAddress.TryParse(text, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text))
        {
            return new IpAddress(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        }

        problem = CelValue.Error("IP Address parse error during conversion from string", $"'{text}'");
        return null;
    }

    private static IpNetwork? ParseNetwork(string text, out CelValue problem)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && ParseAddress(text[..slash], out problem) is { } address)
        {
            var digits = text.AsSpan(slash + 1);
            if (digits.Length is 1 or 2 or 3 && (digits is "0" || digits[0] != '0')
                && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)
                && prefix <= address.Value.GetAddressBytes().Length * 8)
            {
                return new IpNetwork(address.Value, prefix);
            }
        }

        problem = CelValue.Error("network address parse error during conversion from string", $"'{text}'");
        return null;
    }

    private sealed record IpAddress(IPAddress Value) : ICelOpaque
    {
        public CelType Type => AddressType;

        public string Text => Value.ToString();
    }

    private sealed record IpNetwork(IPAddress Address, int Prefix) : ICelOpaque
    {
        public CelType Type => NetworkType;

        public string Text => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Prefix}");

        public bool Contains(IPAddress address) => address.AddressFamily == Address.AddressFamily && Mask(address).Equals(Mask(Address));

        public bool Contains(IpNetwork other) => other.Prefix >= Prefix && Contains(other.Address);

        public IpNetwork Masked() => new(Mask(Address), Prefix);

        private IPAddress Mask(IPAddress address)
        {
            var bytes = address.GetAddressBytes();
            for (var i = 0; i < bytes.Length; i++)
            {
                var kept = Math.Clamp(Prefix - (i * 8), 0, 8);
                bytes[i] &= (byte)(0xFF << (8 - kept));
            }

            return new IPAddress(bytes);
        }
    }
}
