using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Tests.Broker;

public sealed class CloudPaceTests : IDisposable
{
    private readonly FederationHost host = new(("Broker:ExchangesPerSecond", "2"), ("Broker:Burst", "3"));

    private readonly CloudPace pace;

    public CloudPaceTests() => pace = new CloudPace(host.Services.GetRequiredService<IOptionsMonitor<FederationOptions>>(), host.Time, () => 0.5);

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_burst_goes_at_once_and_more_wait_for_their_turn()
    {
        var asked = Enumerable.Range(0, 5).Select(_ => AskAsync("sts")).ToArray();

        asked.Count(one => one.IsCompletedSuccessfully).ShouldBe(3);
        (await AskAsync("other")).ShouldBe("ok", "each service has its own pace");
        host.Time.Advance(TimeSpan.FromSeconds(0.5));
        await asked[3];
        asked[4].IsCompleted.ShouldBeFalse();
        host.Time.Advance(TimeSpan.FromSeconds(0.5));
        await asked[4];
    }

    [Theory]
    [InlineData("Throttling", 400, null, 1)]
    [InlineData("TooManyRequests", 429, 7, 7)]
    [InlineData("ServiceUnavailable", 503, 5, 5)]
    public async Task Who_was_asked_too_much_is_left_alone_as_long_as_he_wants(string code, int status, int? retryAfter, int pause)
    {
        await Should.ThrowAsync<FederationException>(() => AskAsync("sts", Failed(code, status, retryAfter)));

        var next = AskAsync("sts");

        next.IsCompleted.ShouldBeFalse();
        host.Time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
        next.IsCompleted.ShouldBeFalse();
        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        (await next).ShouldBe("ok");
    }

    [Fact]
    public async Task A_turn_that_comes_too_late_is_refused_and_says_when()
    {
        await Should.ThrowAsync<FederationException>(() => AskAsync("sts", Failed("SlowDown", 503, 120)));

        var error = await Should.ThrowAsync<FederationException>(() => AskAsync("sts"));

        (error.IsRetryable, error.RetryAfter, error.Side).ShouldBe((true, TimeSpan.FromSeconds(120), FailureSide.Here));
        error.Message.ShouldBe("sts: this host asks it for too much, or it asked for a pause: the next turn is in 120 s. Try again then. Federation:Broker sets how much is asked for at once.");
    }

    [Fact]
    public async Task A_plain_refusal_slows_nobody_down()
    {
        await Should.ThrowAsync<FederationException>(() => AskAsync("sts", Failed("AccessDenied", 403, null)));

        AskAsync("sts").IsCompletedSuccessfully.ShouldBeTrue();
    }

    private static FederationException Failed(string code, int status, int? retryAfter) => new(new Failure
    {
        Cloud = Cloud.Aws, Side = FailureSide.Cloud, Service = "sts", Api = "sts", Code = code, HttpStatus = status, Detail = "no", IsRetryable = true,
        RetryAfter = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    });

    private Task<string> AskAsync(string service, FederationException? failure = null) =>
        pace.AskAsync(Cloud.Aws, service, _ => failure is null ? Task.FromResult("ok") : Task.FromException<string>(failure), TestContext.Current.CancellationToken);
}
