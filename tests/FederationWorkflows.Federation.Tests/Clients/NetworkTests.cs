using System.Net;
using System.Net.Sockets;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Google.Requests;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>What every call has in common when the network or the other end misbehaves.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly FederationHost host = new(("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson), ("Timeout", "00:00:10"));

    public void Dispose() => host.Dispose();

    public static TheoryData<string> Calls => ["access token", "id token", "impersonation", "assume role", "caller identity", "buckets", "chained role", "list objects", "put object", "any aws api", "any google api"];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_without_an_answer_ends_at_the_time_limit_and_may_be_repeated(string call)
    {
        host.Network.Hang();

        var running = RunAsync(call, TestContext.Current.CancellationToken);
        await host.Time.TimerMade.Task;
        host.Time.Advance(TimeSpan.FromSeconds(9));
        running.IsCompleted.ShouldBeFalse();
        host.Time.Advance(TimeSpan.FromSeconds(1));

        var error = await Should.ThrowAsync<FederationException>(() => running);
        error.Code.ShouldBe(FailureCodes.Timeout);
        error.Side.ShouldBe(FailureSide.Network);
        error.IsRetryable.ShouldBeTrue();
        error.Message.ShouldBe(
            $"{error.Api}: no usable answer from {error.Service}: nothing within 10 s. Check that this host reaches {error.Service}, by DNS, proxy and firewall; Federation:Timeout sets the limit.");
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_caller_that_cancels_sees_its_own_cancellation(string call)
    {
        host.Network.Hang();
        using var cancellation = new CancellationTokenSource();

        var running = RunAsync(call, cancellation.Token);
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_unreachable_service_is_named_with_the_reason(string call)
    {
        host.Network.Throw(new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused (cloud.example:443)", new SocketException((int)SocketError.ConnectionRefused)));

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync(call, TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.NetworkFailure);
        error.IsRetryable.ShouldBeTrue();
        error.Detail.ShouldStartWith("Connection refused (cloud.example:443)");
        error.Advice.ShouldBe($"Check that this host reaches {error.Service}, by proxy and firewall, and that the outbound policy allows it.");
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_connection_that_does_not_come_about_in_time_is_no_cancellation(string call)
    {
        host.Network.Throw(new TaskCanceledException("canceled", new TimeoutException("A connection could not be established within the configured ConnectTimeout.")));

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync(call, TestContext.Current.CancellationToken));

        (error.Code, error.IsRetryable).ShouldBe((FailureCodes.NetworkFailure, true));
        error.Detail.ShouldBe("A connection could not be established within the configured ConnectTimeout.");
        error.Advice.ShouldBe($"Check that this host reaches {error.Service}, by proxy and firewall, and that the outbound policy allows it.");
    }

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError, true, "The name could not be resolved: check this host's DNS and the configured endpoint.")]
    [InlineData(HttpRequestError.SecureConnectionError, false, "The TLS handshake failed: check the certificate authorities this host trusts and whether a proxy intercepts TLS.")]
    [InlineData(HttpRequestError.ProxyTunnelError, true, "The proxy did not open a tunnel: check its rules for this service.")]
    public async Task Each_kind_of_network_failure_has_its_advice(HttpRequestError kind, bool retryable, string advice)
    {
        host.Network.Throw(new HttpRequestException(kind, "reason"));

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync("assume role", TestContext.Current.CancellationToken));

        error.Advice.ShouldBe(advice);
        error.IsRetryable.ShouldBe(retryable);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_redirect_is_not_followed(string call)
    {
        host.Network.OnRequest = (_, _) =>
        {
            var response = RecordingHandler.Make("", HttpStatusCode.TemporaryRedirect);
            response.Headers.Location = new Uri("https://attacker.example/");
            return Task.FromResult(response);
        };

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync(call, TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.Redirected);
        error.Detail.ShouldBe("it answered with a redirect (HTTP 307), which is not followed");
        host.Network.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_answer_without_end_is_cut_off(string call)
    {
        host.Network.OnRequest = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EndlessStream()) });

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync(call, TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.AnswerTooLarge);
        error.Detail.ShouldBe($"its answer is larger than {(error.Cloud == Cloud.Google && call != "any google api" ? 256 * 1024 : 8 * 1024 * 1024)} bytes");
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task An_answer_that_breaks_off_is_a_network_failure(string call)
    {
        host.Network.OnRequest = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream()) });

        var error = await Should.ThrowAsync<FederationException>(() => RunAsync(call, TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.NetworkFailure);
        error.IsRetryable.ShouldBeTrue();
    }

    private static ObjectAddress Address => new() { Credentials = Credentials.Session, Bucket = "bucket", Key = "key" };

    private async Task RunAsync(string call, CancellationToken cancellation)
    {
        var target = "target@ops-1.iam.gserviceaccount.com";
        await (call switch
        {
            "access token" => (Task)host.Google.GetAccessTokenAsync("ops", ["openid"], cancellation),
            "id token" => host.Google.GetIdTokenAsync("ops", "aws-prod", cancellation),
            "impersonation" => host.ServiceAccounts.GenerateAccessTokenAsync(
                new AccessTokenRequest { ServiceAccount = target, SourceToken = Sensitive.Of("ya29.source"), Scopes = ["openid"] }, cancellation),
            "assume role" => host.Aws.AssumeRoleWithWebIdentityAsync(
                new WebIdentityRequest { RoleArn = "arn:aws:iam::123456789012:role/reader", WebIdentityToken = Sensitive.Of(Credentials.IdToken()) }, cancellation),
            "caller identity" => host.Aws.GetCallerIdentityAsync(Credentials.Session, null, cancellation),
            "chained role" => host.Aws.AssumeRoleAsync(new RoleRequest { Credentials = Credentials.Session, RoleArn = "arn:aws:iam::123456789012:role/reader" }, cancellation),
            "list objects" => host.Objects.ListAsync(new ObjectQuery { Credentials = Credentials.Session, Bucket = "bucket" }, cancellation),
            "put object" => host.Writes.PutAsync(new ObjectTarget { Address = Address }, default, cancellation),
            "any aws api" => host.AwsRequests.SendAsync(new AwsRequest { Credentials = Credentials.Session, Service = "ec2" }, cancellation),
            "any google api" => host.GoogleRequests.SendAsync(new GoogleRequest { Token = Sensitive.Of("ya29.source"), Service = "storage", Path = "/" }, cancellation),
            "buckets" => host.Buckets.ListAsync(Credentials.Session, cancellationToken: cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(call)),
        });
    }

    private class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class BrokenStream : EndlessStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("The response ended prematurely.");
    }
}
