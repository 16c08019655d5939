using System.Net;
using FederationWorkflows.Http.Outbound;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Tests.Outbound;

public sealed class OutboundRulesTests
{
    [Theory]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("10.1.2.3", "private")]
    [InlineData("fd12::1", "private")]
    [InlineData("10.1.2.3", "host")]
    [InlineData("127.0.0.1", "host")]
    [InlineData("169.254.7.7", "host")]
    [InlineData("192.168.4.4", "suffix")]
    [InlineData("169.254.169.254", "network")]
    [InlineData("198.18.0.1", "network")]
    [InlineData("64:ff9b::169.254.169.254", "network")]
    public void The_setting_that_names_an_address_allows_it(string address, string setting) =>
        Should.NotThrow(() => new OutboundRules(Policy(setting)).Check("api.corp.example", IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1", "private")]
    [InlineData("10.1.2.3", "loopback")]
    [InlineData("169.254.7.7", "private")]
    [InlineData("169.254.169.254", "private")]
    [InlineData("169.254.169.254", "host")]
    [InlineData("169.254.169.254", "suffix")]
    [InlineData("fd00:ec2::254", "private")]
    [InlineData("100.100.100.200", "private")]
    [InlineData("::ffff:169.254.169.254", "host")]
    [InlineData("192.0.2.1", "host")]
    [InlineData("0.0.0.0", "loopback")]
    [InlineData("0.0.0.0", "host")]
    [InlineData("224.0.0.1", "everything")]
    [InlineData("0.0.0.0", "everything")]
    public void No_other_setting_allows_it(string address, string setting)
    {
        var error = Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(Policy(setting)).Check("api.corp.example", IPAddress.Parse(address)));

        error.Host.ShouldBe("api.corp.example");
        error.Address.ShouldBe(IPAddress.Parse(address));
    }

    [Fact]
    public void A_refusal_names_host_address_rule_and_setting()
    {
        var error = Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(new OutboundPolicy()).Check("db.corp.example", IPAddress.Parse("10.0.0.5")));

        error.Message.ShouldBe("The request to 'db.corp.example' was refused: it resolves to 10.0.0.5, a private address. "
            + "To allow it, an administrator sets Http:Outbound:AllowPrivateNetworks to true or adds the host to Http:Outbound:AllowedHosts.");
        error.Rule.ShouldBe("it resolves to 10.0.0.5, a private address");
        error.Setting.ShouldBe("Http:Outbound:AllowPrivateNetworks");
    }

    [Theory]
    [InlineData("corp.example")]
    [InlineData("xcorp.example")]
    [InlineData("corp.example.evil.test")]
    public void A_suffix_allows_only_what_is_below_it(string host) =>
        Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(Policy("suffix")).Check(host, IPAddress.Parse("10.0.0.1")));

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("/relative")]
    public void Only_absolute_http_and_https_urls_are_called(string url) =>
        Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(new OutboundPolicy()).Check(new Uri(url, UriKind.RelativeOrAbsolute)))
            .Rule.ShouldBe("only absolute http and https URLs can be called");

    [Theory]
    [InlineData("http://user:pa55word@example.com/")]
    [InlineData("http://user@example.com/")]
    [InlineData("https://example.com%40@127.0.0.1/")]
    public void A_url_with_credentials_is_refused_without_quoting_them(string url)
    {
        var error = Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(new OutboundPolicy()).Check(new Uri(url)));

        error.Rule.ShouldBe("the URL has a user name or password in it");
        error.Message.ShouldNotContain("pa55word");
    }

    [Theory]
    [InlineData("http://metadata.google.internal/")]
    [InlineData("http://METADATA.google.internal./")]
    [InlineData("http://metadata.goog/")]
    [InlineData("http://instance-data.ec2.internal/")]
    public void The_names_of_metadata_services_are_refused_before_they_are_looked_up(string url) =>
        Should.Throw<OutboundRequestRefusedException>(() => new OutboundRules(Policy("private")).Check(new Uri(url))).Setting.ShouldBe("Http:Outbound:AllowedHosts");

    [Fact]
    public void Wrong_settings_are_reported_together()
    {
        var policy = new OutboundPolicy { MaxRedirects = -1, MaxResponseBytes = 0, Timeout = TimeSpan.Zero, AllowedHosts = { "http://x/" }, AllowedNetworks = { "10.0.0.0/33" } };

        var error = Should.Throw<OptionsValidationException>(() => new OutboundRules(policy));

        error.Failures.ShouldBe([
            "Http:Outbound:AllowedHosts: 'http://x/' is no host. Write a name, an address, or *.suffix, without scheme, port or path.",
            "Http:Outbound:AllowedNetworks: '10.0.0.0/33' is no network. Write it in CIDR notation, such as 10.1.0.0/16.",
            "Http:Outbound:MaxResponseBytes must be from 1 to 1073741824.",
            "Http:Outbound:MaxRedirects must be from 0 to 20.",
            "Http:Outbound:Timeout must be above zero and at most 01:00:00.",
        ]);
    }

    private static OutboundPolicy Policy(string setting) => setting switch
    {
        "loopback" => new OutboundPolicy { AllowLoopback = true },
        "private" => new OutboundPolicy { AllowPrivateNetworks = true },
        "host" => new OutboundPolicy { AllowedHosts = { "API.corp.example" } },
        "suffix" => new OutboundPolicy { AllowedHosts = { "*.corp.example" } },
        "network" => new OutboundPolicy { AllowedNetworks = { "169.254.169.254/32", "198.18.0.0/15" } },
        _ => new OutboundPolicy { AllowLoopback = true, AllowPrivateNetworks = true, AllowedHosts = { "*.example" }, AllowedNetworks = { "0.0.0.0/0", "::/0" } },
    };
}
