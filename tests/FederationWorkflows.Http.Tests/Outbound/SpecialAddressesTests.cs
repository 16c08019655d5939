using System.Net;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Http.Tests.Outbound;

public sealed class SpecialAddressesTests
{
    [Theory]
    [InlineData("8.8.8.8", "Public")]
    [InlineData("172.15.255.255", "Public")]
    [InlineData("172.32.0.0", "Public")]
    [InlineData("100.63.255.255", "Public")]
    [InlineData("100.128.0.0", "Public")]
    [InlineData("192.169.0.1", "Public")]
    [InlineData("223.255.255.255", "Public")]
    [InlineData("2606:4700::1111", "Public")]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.255.255.254", "Loopback")]
    [InlineData("::1", "Loopback")]
    [InlineData("10.0.0.0", "Private")]
    [InlineData("10.255.255.255", "Private")]
    [InlineData("172.16.0.1", "Private")]
    [InlineData("172.31.255.255", "Private")]
    [InlineData("192.168.1.1", "Private")]
    [InlineData("100.64.0.1", "Private")]
    [InlineData("100.127.255.255", "Private")]
    [InlineData("fc00::1", "Private")]
    [InlineData("fdff:ffff::1", "Private")]
    [InlineData("fec0::1", "Private")]
    [InlineData("169.254.0.1", "LinkLocal")]
    [InlineData("fe80::1", "LinkLocal")]
    [InlineData("fe80::1%3", "LinkLocal")]
    [InlineData("febf::1", "LinkLocal")]
    [InlineData("169.254.169.254", "Metadata")]
    [InlineData("169.254.170.2", "Metadata")]
    [InlineData("169.254.170.23", "Metadata")]
    [InlineData("100.100.100.200", "Metadata")]
    [InlineData("168.63.129.16", "Metadata")]
    [InlineData("fd00:ec2::254", "Metadata")]
    [InlineData("fd20:ce::254", "Metadata")]
    [InlineData("0.0.0.0", "NoDestination")]
    [InlineData("0.1.2.3", "NoDestination")]
    [InlineData("::", "NoDestination")]
    [InlineData("224.0.0.1", "NoDestination")]
    [InlineData("239.255.255.255", "NoDestination")]
    [InlineData("255.255.255.255", "NoDestination")]
    [InlineData("ff02::1", "NoDestination")]
    [InlineData("192.0.2.1", "Reserved")]
    [InlineData("198.19.255.255", "Reserved")]
    [InlineData("203.0.113.9", "Reserved")]
    [InlineData("240.0.0.1", "Reserved")]
    [InlineData("2001:db8::1", "Reserved")]
    [InlineData("2001:0:7f00:1::", "Reserved")]
    [InlineData("4000::1", "Reserved")]
    [InlineData("100::1", "Reserved")]
    [InlineData("64:ff9b:1::7f00:1", "Reserved")]
    public void An_address_is_known_for_what_it_is(string address, string kind) =>
        SpecialAddresses.Judge(IPAddress.Parse(address)).Kind.ToString().ShouldBe(kind);

    [Theory]
    [InlineData("::ffff:127.0.0.1", "Loopback", "127.0.0.1")]
    [InlineData("::ffff:7f00:1", "Loopback", "127.0.0.1")]
    [InlineData("::ffff:a9fe:a9fe", "Metadata", "169.254.169.254")]
    [InlineData("::ffff:8.8.8.8", "Public", "8.8.8.8")]
    [InlineData("64:ff9b::169.254.169.254", "Metadata", "169.254.169.254")]
    [InlineData("64:ff9b::10.0.0.1", "Private", "10.0.0.1")]
    [InlineData("64:ff9b::8.8.8.8", "Public", "8.8.8.8")]
    [InlineData("2002:7f00:1::", "Loopback", "127.0.0.1")]
    [InlineData("2002:a9fe:a9fe::1", "Metadata", "169.254.169.254")]
    [InlineData("2002:808:808::", "Reserved", "8.8.8.8")]
    [InlineData("::127.0.0.1", "Loopback", "127.0.0.1")]
    [InlineData("::8.8.8.8", "Reserved", "8.8.8.8")]
    [InlineData("::ffff:0:10.1.2.3", "Private", "10.1.2.3")]
    public void An_ipv6_address_that_leads_to_an_ipv4_one_is_judged_as_that(string address, string kind, string judged)
    {
        var result = SpecialAddresses.Judge(IPAddress.Parse(address));

        result.Kind.ToString().ShouldBe(kind);
        result.Judged.ToString().ShouldBe(judged);
    }
}
