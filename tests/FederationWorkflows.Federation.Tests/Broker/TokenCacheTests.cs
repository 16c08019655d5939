using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Broker;

public sealed class TokenCacheTests : IDisposable
{
    private static readonly ConnectionUser User = ConnectionUser.OfRun("story", "run");

    private static readonly ConnectionDefinition Connection = new("ops", new ConnectionOptions { Kind = ConnectionKinds.ServiceAccountKey }, "1", false);

    private readonly ManualTime time = new(FederationHost.Start);

    private readonly Clouds clouds;

    private readonly TokenCache cache;

    public TokenCacheTests()
    {
        clouds = new Clouds(time);
        cache = new TokenCache(clouds.ExchangeAsync, new BrokerOptions { MaxEntries = 10 }, time, () => 0);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => cache.Dispose();

    [Fact]
    public async Task A_thousand_who_ask_at_once_wait_for_one_exchange()
    {
        clouds.Hold();
        var asked = Enumerable.Range(0, 1000).Select(_ => Task.Run(() => GetAsync().AsTask(), Cancel)).ToArray();
        await clouds.Asked;
        clouds.Release();

        var tokens = await Task.WhenAll(asked);

        clouds.Exchanges.ShouldBe(1);
        tokens.ShouldAllBe(token => token.Token.Reveal() == "token-1");
    }

    [Fact]
    public async Task Who_gives_up_waiting_does_not_cancel_it_for_the_others()
    {
        clouds.Hold();
        using var impatient = new CancellationTokenSource();
        var first = GetAsync(cancellationToken: impatient.Token).AsTask();
        var second = GetAsync().AsTask();
        await clouds.Asked;
        await impatient.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => first);
        clouds.Release();

        (await second).Token.Reveal().ShouldBe("token-1");
        clouds.Exchanges.ShouldBe(1);
    }

    [Fact]
    public async Task What_can_do_something_else_is_another_exchange()
    {
        var other = new ConnectionDefinition("ops", Connection.Options, "2", false);
        var keys = new[]
        {
            ExchangeKey.AccessToken(Connection, ["a"]), ExchangeKey.AccessToken(Connection, ["b"]), ExchangeKey.AccessToken(Connection, ["a", "b"]), ExchangeKey.AccessToken(other, ["a"]),
            ExchangeKey.IdToken(Connection, "aws", null), ExchangeKey.IdToken(Connection, "other", null), ExchangeKey.IdToken(Connection, "aws", "account"),
            ExchangeKey.AwsRole(Connection, 900, null, "s"), ExchangeKey.AwsRole(Connection, 901, null, "s"), ExchangeKey.AwsRole(Connection, 900, "{}", "s"), ExchangeKey.AwsRole(Connection, 900, null, "t"),
        };

        foreach (var key in keys[..9])
        {
            await cache.GetAsync<GoogleAccessToken>(key, User, Cancel);
            await cache.GetAsync<GoogleAccessToken>(key, User, Cancel);
        }

        clouds.Exchanges.ShouldBe(9);
        keys.Distinct().Count().ShouldBe(keys.Length);
    }

    [Fact]
    public async Task It_is_kept_until_shortly_before_its_end_and_never_handed_out_after()
    {
        (await GetAsync()).Token.Reveal().ShouldBe("token-1");
        time.Advance(TimeSpan.FromMinutes(35));
        (await GetAsync()).Token.Reveal().ShouldBe("token-1");

        time.Advance(TimeSpan.FromMinutes(20));

        (await GetAsync()).Token.Reveal().ShouldBe("token-2", "5 minutes before its end");
        clouds.Exchanges.ShouldBe(2);
    }

    [Fact]
    public async Task While_another_one_is_looked_for_nobody_waits()
    {
        await GetAsync();
        time.Advance(TimeSpan.FromMinutes(40));
        clouds.Hold();

        (await GetAsync()).Token.Reveal().ShouldBe("token-1");
        await clouds.Asked;
        (await GetAsync()).Token.Reveal().ShouldBe("token-1");
        clouds.Release();
        await clouds.Idle;

        (await UntilAsync("token-2")).ShouldBe("token-2");
        clouds.Exchanges.ShouldBe(2);
    }

    [Fact]
    public async Task A_refresh_that_fails_is_tried_again_later_and_the_old_one_stays_good()
    {
        await GetAsync();
        time.Advance(TimeSpan.FromMinutes(40));
        clouds.Fail(Refused());
        await GetAsync();
        await clouds.Idle;

        for (var asked = 0; asked < 10; asked++)
        {
            (await GetAsync()).Token.Reveal().ShouldBe("token-1");
        }

        clouds.Exchanges.ShouldBe(2);
        clouds.Fail(null);
        time.Advance(TimeSpan.FromSeconds(31));
        (await UntilAsync("token-3")).ShouldBe("token-3");
    }

    [Fact]
    public async Task What_was_used_lately_is_refreshed_without_anybody_asking()
    {
        await GetAsync();
        time.Advance(TimeSpan.FromMinutes(34));
        await GetAsync();

        for (var round = 0; round < 8; round++)
        {
            time.Advance(TokenCache.Round);
        }

        await clouds.Idle;
        clouds.Exchanges.ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_is_told_to_all_who_waited_and_a_refusal_counts_for_a_moment()
    {
        clouds.Hold();
        clouds.Fail(Refused());
        var asked = Enumerable.Range(0, 5).Select(_ => GetAsync().AsTask()).ToArray();
        await clouds.Asked;
        clouds.Release();
        foreach (var one in asked)
        {
            (await Should.ThrowAsync<FederationException>(() => one)).Code.ShouldBe("AccessDenied");
        }

        await Should.ThrowAsync<FederationException>(() => GetAsync().AsTask());
        clouds.Exchanges.ShouldBe(1);

        clouds.Fail(null);
        time.Advance(TokenCache.RefusalCounts);

        (await GetAsync()).Token.Reveal().ShouldBe("token-2");
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(7, 7)]
    [InlineData(600, 60)]
    public async Task What_passes_counts_no_longer_than_the_cloud_asked_to_wait(int? retryAfter, int counts)
    {
        clouds.Fail(Passing(retryAfter));
        await Should.ThrowAsync<FederationException>(() => GetAsync().AsTask());
        if (counts > 0)
        {
            time.Advance(TimeSpan.FromSeconds(counts - 1));
            await Should.ThrowAsync<FederationException>(() => GetAsync().AsTask());
            clouds.Exchanges.ShouldBe(1);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        clouds.Fail(null);

        (await GetAsync()).Token.Reveal().ShouldBe("token-2");
    }

    [Fact]
    public async Task The_number_of_tokens_is_bounded_and_the_least_used_go_first()
    {
        for (var number = 0; number < 11; number++)
        {
            await GetAsync($"scope-{number}");
            time.Advance(TimeSpan.FromSeconds(2));
            await GetAsync("scope-0");
        }

        cache.Count.ShouldBeLessThanOrEqualTo(10);
        clouds.Exchanges.ShouldBe(11);
        await GetAsync("scope-0");
        clouds.Exchanges.ShouldBe(11, "it was used all the time");
        await GetAsync("scope-1");
        clouds.Exchanges.ShouldBe(12);
    }

    [Fact]
    public async Task Tokens_of_connections_that_are_not_what_they_were_are_forgotten()
    {
        await GetAsync();

        cache.Retain([new ConnectionDefinition("ops", Connection.Options, "2", false)]);

        cache.Count.ShouldBe(0);
        (await GetAsync()).Token.Reveal().ShouldBe("token-2");
    }

    [Fact]
    public async Task What_nobody_uses_is_sealed_and_opened_again_for_who_does()
    {
        await GetAsync();
        time.Advance(TimeSpan.FromSeconds(90));
        time.Advance(TokenCache.Round);

        (await GetAsync()).Token.Reveal().ShouldBe("token-1");
        clouds.Exchanges.ShouldBe(1);
    }

    [Fact]
    public async Task What_has_ended_is_forgotten_by_itself()
    {
        await GetAsync();

        time.Advance(TimeSpan.FromHours(1));

        cache.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_token_that_a_cloud_refuses_is_replaced_by_one_exchange_for_all_who_had_it()
    {
        var first = Mark(await GetAsync());
        clouds.Hold();
        var refused = Enumerable.Range(0, 1000).Select(_ => Task.Run(() => ReplaceAsync(first), Cancel)).ToArray();
        await clouds.Asked;
        clouds.Release();

        (await Task.WhenAll(refused)).ShouldAllBe(token => token == "token-2");
        (await ReplaceAsync(first)).ShouldBe("token-2", "whoever comes late has it, too");
        (await GetAsync()).Token.Reveal().ShouldBe("token-2");
        clouds.Exchanges.ShouldBe(2);
    }

    [Fact]
    public async Task What_took_the_place_of_another_is_itself_replaced_after_a_minute_at_the_earliest()
    {
        var first = Mark(await GetAsync());
        (await ReplaceAsync(first)).ShouldBe("token-2");
        var second = Mark(await GetAsync());

        (await ReplaceAsync(second)).ShouldBeNull();
        time.Advance(TokenCache.ReplacementCounts);

        (await ReplaceAsync(second)).ShouldBe("token-3");
        (await ReplaceAsync(first)).ShouldBe("token-3");
        clouds.Exchanges.ShouldBe(3);
    }

    [Fact]
    public async Task A_replacement_that_fails_is_told_and_what_was_refused_is_handed_out_no_more()
    {
        var first = Mark(await GetAsync());
        clouds.Fail(Refused());

        (await Should.ThrowAsync<FederationException>(() => ReplaceAsync(first))).Code.ShouldBe("AccessDenied");
        await Should.ThrowAsync<FederationException>(() => ReplaceAsync(first));
        await Should.ThrowAsync<FederationException>(() => GetAsync().AsTask());
        clouds.Exchanges.ShouldBe(2, "a refusal counts for a moment");
        clouds.Fail(null);
        time.Advance(TokenCache.RefusalCounts);

        (await GetAsync()).Token.Reveal().ShouldBe("token-3");
    }

    [Fact]
    public async Task Whose_a_token_is_is_known_while_it_is_sealed_and_after_it_was_refreshed()
    {
        var first = Mark(await GetAsync());
        time.Advance(TimeSpan.FromSeconds(90));
        time.Advance(TokenCache.Round);
        cache.GiversOf(first).ShouldHaveSingleItem().Scopes.ShouldBe(["scope"]);
        time.Advance(TimeSpan.FromMinutes(40));
        (await UntilAsync("token-2")).ShouldBe("token-2");

        cache.GiversOf(first).ShouldHaveSingleItem();
        (await ReplaceAsync(first)).ShouldBe("token-2");
        cache.GiversOf(TokenMark.Of(Sensitive.Of("token-9"))).ShouldBeEmpty();
        clouds.Exchanges.ShouldBe(2);
    }

    private static string Mark(GoogleAccessToken token) => TokenMark.Of(token);

    private async Task<string?> ReplaceAsync(string mark) =>
        (await cache.ReplaceAsync(ExchangeKey.AccessToken(Connection, ["scope"]), mark, User, Cancel) as GoogleAccessToken)?.Token.Reveal();

    private static FederationException Refused() => Make("AccessDenied", 403, isRetryable: false, null);

    private static FederationException Passing(int? retryAfter) => Make("ServiceUnavailable", 503, isRetryable: true, retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    private static FederationException Make(string code, int status, bool isRetryable, TimeSpan? retryAfter) => new(new Failure
    {
        Cloud = Cloud.Aws, Side = FailureSide.Cloud, Service = "AWS STS", Api = "sts:AssumeRole", Code = code, HttpStatus = status, Detail = "no", IsRetryable = isRetryable, RetryAfter = retryAfter,
    });

    private ValueTask<GoogleAccessToken> GetAsync(string scope = "scope", CancellationToken? cancellationToken = null) =>
        cache.GetAsync<GoogleAccessToken>(ExchangeKey.AccessToken(Connection, [scope]), User, cancellationToken ?? Cancel);

    /// <summary>An exchange that nobody waits for ends when it ends.</summary>
    private async Task<string> UntilAsync(string expected)
    {
        while (true)
        {
            var token = (await GetAsync()).Token.Reveal();
            if (token == expected)
            {
                return token;
            }

            await Task.Yield();
            Cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Stands in for all that exchanges: numbers its tokens, which live for an hour.</summary>
    private sealed class Clouds(TimeProvider time)
    {
        private TaskCompletionSource asked = New();

        private TaskCompletionSource? held;

        private FederationException? failure;

        private int exchanges;

        private int inFlight;

        public int Exchanges => Volatile.Read(ref exchanges);

        public Task Asked => asked.Task;

        /// <summary>No exchange is under way, and whoever made the last has taken it over.</summary>
        public Task Idle => Task.Run(async () =>
        {
            await asked.Task;
            while (Volatile.Read(ref inFlight) > 0)
            {
                await Task.Yield();
            }

            await Task.Delay(20, CancellationToken.None);
        });

        public void Hold()
        {
            asked = New();
            held = New();
        }

        public void Release() => held!.SetResult();

        public void Fail(FederationException? with) => failure = with;

        public async Task<(object Token, DateTimeOffset ExpiresAt)> ExchangeAsync(ExchangeKey key, ConnectionUser user, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref inFlight);
            try
            {
                var number = Interlocked.Increment(ref exchanges);
                asked.TrySetResult();
                if (held is not null)
                {
                    await held.Task.WaitAsync(cancellationToken);
                }

                var expiresAt = time.GetUtcNow().AddHours(1);
                return failure is not null ? throw failure : (new GoogleAccessToken(Sensitive.Of($"token-{number}"), expiresAt, [], null), expiresAt);
            }
            finally
            {
                Interlocked.Decrement(ref inFlight);
            }
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
