using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FederationWorkflows.Http.Outbound;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Tests.Outbound;

public sealed class OutboundHttpTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://0x7f.1:{0}/")]
    [InlineData("http://0x7f000001:{0}/")]
    [InlineData("http://017700000001:{0}/")]
    [InlineData("http://127.1:{0}/")]
    [InlineData("http://0177.0.0.1:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://[0:0:0:0:0:ffff:7f00:1]:{0}/")]
    [InlineData("http://[64:ff9b::7f00:1]:{0}/")]
    [InlineData("http://[2002:7f00:1::]:{0}/")]
    [InlineData("http://localhost:{0}/")]
    public async Task No_spelling_of_loopback_gets_through(string url)
    {
        var reached = false;
        await using var server = await StubServer.StartAsync(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        using var client = Client(new OutboundPolicy());

        var error = await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(new Uri(string.Format(null, url, server.Port)), Ct));

        error.Setting.ShouldBe("Http:Outbound:AllowLoopback");
        reached.ShouldBeFalse();
    }

    /// <summary>Whether these are names at all depends on the system; none of them may arrive.</summary>
    [Theory]
    [InlineData("http://１２７.0.0.1:{0}/")]
    [InlineData("http://ⓛocalhost:{0}/")]
    [InlineData("http://localhost.:{0}/")]
    public async Task Odd_spellings_do_not_arrive(string url)
    {
        var reached = false;
        await using var server = await StubServer.StartAsync(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        using var client = Client(new OutboundPolicy());

        await Should.ThrowAsync<Exception>(() => client.GetAsync(new Uri(string.Format(null, url, server.Port)), Ct));
        reached.ShouldBeFalse();
    }

    [Theory]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://0/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fc00::1]/")]
    [InlineData("http://255.255.255.255/")]
    [InlineData("http://metadata.google.internal/")]
    public async Task Inner_addresses_are_refused(string url)
    {
        using var client = Client(new OutboundPolicy());

        await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(new Uri(url), Ct));
    }

    [Fact]
    public async Task The_address_that_was_checked_is_the_one_connected_to()
    {
        await using var server = await StubServer.StartAsync(context => context.Response.WriteAsync(context.Request.Host.Host));
        var resolver = new ScriptedResolver(["127.0.0.1"], ["10.0.0.1"]);
        using var client = Client(new OutboundPolicy { AllowLoopback = true }, resolver);

        var answer = await client.GetStringAsync(new Uri($"http://story.example:{server.Port}/"), Ct);

        answer.ShouldBe("story.example");
        resolver.Asked.ShouldBe(["story.example"]);
    }

    [Fact]
    public async Task A_name_that_changes_its_address_is_checked_at_every_connection()
    {
        await using var server = await StubServer.StartAsync(context =>
        {
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        using var client = Client(new OutboundPolicy { AllowLoopback = true }, new ScriptedResolver(["127.0.0.1"], ["169.254.169.254"]));
        var url = new Uri($"http://rebinding.example:{server.Port}/");
        (await client.GetAsync(url, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var error = await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(url, Ct));

        error.Address.ShouldBe(IPAddress.Parse("169.254.169.254"));
        error.Rule.ShouldBe("it resolves to 169.254.169.254, a cloud metadata service");
    }

    [Fact]
    public async Task One_inner_address_among_public_ones_refuses_the_host()
    {
        using var client = Client(new OutboundPolicy(), new ScriptedResolver(["93.184.215.14", "192.168.0.7"]));

        var error = await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(new Uri("http://mixed.example/"), Ct));

        error.Address.ShouldBe(IPAddress.Parse("192.168.0.7"));
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_a_connection_error_and_no_refusal()
    {
        using var client = Client(new OutboundPolicy(), new ScriptedResolver());

        (await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://nowhere.example/"), Ct))).InnerException.ShouldBeOfType<SocketException>();
    }

    [Fact]
    public async Task An_allowed_host_is_reached_and_another_is_not()
    {
        await using var server = await StubServer.StartAsync(context => context.Response.WriteAsync("here"));
        using var client = Client(new OutboundPolicy { AllowedHosts = { "*.corp.example" } }, new ScriptedResolver(["127.0.0.1"], ["127.0.0.1"]));

        (await client.GetStringAsync(new Uri($"http://a.corp.example:{server.Port}/"), Ct)).ShouldBe("here");
        await Should.ThrowAsync<OutboundRequestRefusedException>(() => client.GetAsync(new Uri($"http://other.example:{server.Port}/"), Ct));
    }

    [Fact]
    public async Task A_gzip_bomb_is_cut_off_at_the_limit()
    {
        var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[8 * 1024 * 1024], Ct);
        }

        bomb.Length.ShouldBeLessThan(20_000);
        await using var server = await StubServer.StartAsync(context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(bomb.ToArray(), Ct).AsTask();
        });
        using var client = Client(new OutboundPolicy { AllowLoopback = true, MaxResponseBytes = 1_000_000 });

        var error = await Should.ThrowAsync<OutboundResponseTooLargeException>(() => client.GetAsync(server.Url, Ct));

        error.Message.ShouldBe("The answer of '127.0.0.1' is longer than 1000000 bytes after decompression. Ask for less at once, or raise Http:Outbound:MaxResponseBytes.");
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public async Task The_limit_is_exact(int length, bool fits)
    {
        foreach (var announced in new[] { true, false })
        {
            await using var server = await StubServer.StartAsync(context =>
            {
                context.Response.ContentLength = announced ? length : null;
                return context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(new string('x', length)), Ct).AsTask();
            });
            using var client = Client(new OutboundPolicy { AllowLoopback = true, MaxResponseBytes = 1000 });
            Func<Task<string>> get = () => client.GetStringAsync(server.Url, Ct);

            if (fits)
            {
                (await get()).Length.ShouldBe(length);
            }
            else
            {
                await Should.ThrowAsync<OutboundResponseTooLargeException>(get);
            }
        }
    }

    [Fact]
    public void Synchronous_sending_is_not_a_way_around()
    {
        using var client = Client(new OutboundPolicy());
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://127.0.0.1/"));

        Should.Throw<NotSupportedException>(() => client.Send(request, Ct));
    }

    internal static HttpClient Client(OutboundPolicy policy, IHostResolver? resolver = null) =>
        new OutboundHttp(Options.Create(policy), resolver ?? new SystemHostResolver()).CreateClient();
}

/// <summary>Gives one set of addresses per question, in order; then the name does not exist.</summary>
internal sealed class ScriptedResolver(params string[][] answers) : IHostResolver
{
    public List<string> Asked { get; } = [];

    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        Asked.Add(host);
        return Asked.Count <= answers.Length
            ? Task.FromResult(answers[Asked.Count - 1].Select(IPAddress.Parse).ToArray())
            : throw new SocketException((int)SocketError.HostNotFound);
    }
}
