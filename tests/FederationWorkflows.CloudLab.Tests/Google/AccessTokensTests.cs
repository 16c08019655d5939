using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class AccessTokensTests
{
    [Fact]
    public void The_store_stays_bounded_and_forgets_what_ends_first()
    {
        var time = new TestClock(DateTimeOffset.UnixEpoch);
        var store = new AccessTokens(time, capacity: 100);
        var tokens = Enumerable.Range(1, 150)
            .Select(minute => store.Issue(new AccessTokenGrant(GooglePrincipal.User("a@example.com", "1"), [], "c", time.GetUtcNow().AddMinutes(minute), [])).Reveal())
            .ToList();

        tokens.Count(token => store.Find(token) is not null).ShouldBeInRange(80, 100);
        store.TryIntrospect(tokens[0], out _).ShouldBeFalse();
        store.TryIntrospect(tokens[^1], out _).ShouldBeTrue();
    }
}
