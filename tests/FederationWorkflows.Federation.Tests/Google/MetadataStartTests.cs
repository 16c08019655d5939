using System.Net;
using System.Net.Sockets;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Google;

/// <summary>The metadata server in the first seconds of a machine or a pod, and what is none.</summary>
public sealed class MetadataStartTests : IDisposable
{
    private readonly FederationHost host = new(("Connections:here:Kind", "metadataServer"));

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData("refused")]
    [InlineData("404")]
    [InlineData("503")]
    [InlineData("429")]
    public async Task A_server_that_starts_is_asked_again(string first)
    {
        host.Network.OnRequest = (_, _) => host.Network.Requests.Count > 3
            ? Task.FromResult(RecordingHandler.Make(Credentials.IdToken(), contentType: "text/html"))
            : first == "refused"
                ? Task.FromException<HttpResponseMessage>(new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused", new SocketException((int)SocketError.ConnectionRefused)))
                : Task.FromResult(RecordingHandler.Make("", (HttpStatusCode)int.Parse(first, System.Globalization.CultureInfo.InvariantCulture), "text/html"));

        var token = await PassAsync();

        token.Claims.Audience.ShouldBe(["aws-prod"]);
        host.Network.Requests.Count.ShouldBe(4);
        (host.Time.GetUtcNow() - FederationHost.Start).ShouldBe(TimeSpan.FromMilliseconds(1500));
    }

    [Fact]
    public async Task It_is_given_up_after_a_few_seconds()
    {
        host.Network.Answer("", HttpStatusCode.ServiceUnavailable, "text/html");

        (await Should.ThrowAsync<FederationException>(PassAsync)).HttpStatus.ShouldBe(503);
        host.Network.Requests.Count.ShouldBe(5);
        (host.Time.GetUtcNow() - FederationHost.Start).ShouldBe(TimeSpan.FromMilliseconds(3500));
    }

    [Fact]
    public async Task Off_Google_Cloud_it_is_not_tried_again()
    {
        host.Network.Throw(new HttpRequestException(HttpRequestError.ConnectionError, "No route to host", new SocketException((int)SocketError.HostUnreachable)));

        var error = await Should.ThrowAsync<FederationException>(PassAsync);

        error.Advice.ShouldBe("connection 'here' is of kind metadataServer: run this host on Google Cloud with a service account attached, or give the connection another kind.");
        host.Network.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_that_does_not_come_about_in_time_leads_to_nobody()
    {
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromMilliseconds(1), UseProxy = false, ConnectCallback = NeverAsync };
        using var http = new HttpMessageInvoker(handler);
        host.Network.OnRequest = (_, cancellation) => http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://metadata.example/"), cancellation);

        var error = await Should.ThrowAsync<FederationException>(PassAsync);

        (error.Code, error.IsRetryable).ShouldBe((FailureCodes.NetworkFailure, false));
        error.Advice.ShouldStartWith("connection 'here' is of kind metadataServer: run this host on Google Cloud");
    }

    [Fact]
    public async Task One_over_which_no_answer_comes_in_time_leads_to_somebody()
    {
        host.Network.Hang();
        var running = host.Google.GetIdTokenAsync("here", "aws-prod", TestContext.Current.CancellationToken);
        await host.Time.TimerMade.Task;
        host.Time.Advance(TimeSpan.FromSeconds(30));

        var error = await Should.ThrowAsync<FederationException>(() => running);

        (error.Code, error.IsRetryable).ShouldBe((FailureCodes.Timeout, true));
        error.Advice.ShouldStartWith("Check that this host reaches Google Cloud's metadata server");
    }

    [Theory]
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task Whoever_answers_without_the_flavor_is_not_believed(HttpStatusCode status)
    {
        host.Network.OnRequest = (_, _) => Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(Credentials.IdToken()) });

        var error = await Should.ThrowAsync<FederationException>(PassAsync);

        error.Detail.ShouldBe("its answer has no Metadata-Flavor: Google, so something else answers at its address");
        host.Network.Requests.Count.ShouldBe(1);
    }

    private static async ValueTask<Stream> NeverAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("The delay cannot end but by cancellation.");
    }

    private Task<GoogleIdToken> PassAsync() => host.Time.PassAsync(host.Google.GetIdTokenAsync("here", "aws-prod", TestContext.Current.CancellationToken), TimeSpan.FromSeconds(2));
}
