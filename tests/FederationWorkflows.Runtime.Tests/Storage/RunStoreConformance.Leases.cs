using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <content>The right to drive a run.</content>
public abstract partial class RunStoreConformance
{
    [Fact]
    public async Task A_commit_after_the_run_changed_hands_stores_nothing()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);
        var theirs = await store.ClaimAsync("r", "they", Minute, Token);

        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
        await RefusedAsync<LeaseLostException>(Commit("r", Mine() with { Token = theirs!.Token }));
        await RefusedAsync<LeaseLostException>(Commit("r", theirs with { Token = theirs.Token - 1 }));
        await store.CommitAsync(Commit("r", theirs), Token);
    }

    [Fact]
    public async Task A_commit_after_the_run_was_released_stores_nothing()
    {
        await NewRunAsync("r");
        await store.ReleaseAsync("r", Mine(), Token);

        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
    }

    [Fact]
    public async Task A_commit_counts_while_nobody_has_claimed_an_expired_lease()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);

        await store.CommitAsync(Commit("r", Mine()) with { State = [Part("run", "2")] }, Token);

        (await store.LoadAsync("r", Token)).Text().ShouldBe("run=2");
    }

    [Fact]
    public async Task A_run_is_claimed_by_one_at_a_time()
    {
        await NewRunAsync("r");

        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull();
        Time.Advance(Minute);

        var theirs = (await store.ClaimAsync("r", "they", Minute, Token)).ShouldNotBeNull();
        theirs.ShouldBe(new Lease("they", theirs.Token, Time.Now + Minute));
        theirs.Token.ShouldBeGreaterThan(Mine().Token);
        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_many_who_claim_a_free_run_one_gets_it()
    {
        await NewRunAsync("r");
        await store.ReleaseAsync("r", Mine(), Token);

        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => await store.ClaimAsync("r", $"node{i}", Minute, Token))));

        leases.Count(lease => lease is not null).ShouldBe(1);
    }

    [Fact]
    public async Task A_renewal_keeps_the_token_and_moves_the_end()
    {
        await NewRunAsync("r");
        Time.Advance(Minute / 2);

        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBe(new Lease("me", 1, Time.Now + Minute));
        Time.Advance(Minute * 0.9);

        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull();
        await store.CommitAsync(Commit("r", Mine()), Token);
    }

    [Fact]
    public async Task A_late_renewal_keeps_the_token_when_nobody_else_had_the_run()
    {
        await NewRunAsync("r");
        Time.Advance(2 * Minute);

        (await store.ClaimAsync("r", "me", Minute, Token)).ShouldBe(new Lease("me", 1, Time.Now + Minute));
    }

    [Fact]
    public async Task A_released_run_is_anyones_and_the_token_grows_even_for_who_had_it()
    {
        var lease = Mine();
        await NewRunAsync("r");
        await store.ReleaseAsync("r", lease, Token);
        var again = (await store.ClaimAsync("r", "me", Minute, Token)).ShouldNotBeNull();
        again.Token.ShouldBeGreaterThan(lease.Token);

        await store.ReleaseAsync("r", lease, Token);
        (await store.ClaimAsync("r", "they", Minute, Token)).ShouldBeNull("a release with an older token is ignored");

        await store.ReleaseAsync("r", again, Token);
        (await store.ClaimAsync("r", "they", Minute, Token))!.Token.ShouldBeGreaterThan(again.Token);
    }

    [Fact]
    public async Task A_commit_may_give_the_lease_back()
    {
        await NewRunAsync("r");
        await store.CommitAsync(Commit("r", Mine()) with { ReleasesLease = true, State = [Part("run", "2")] }, Token);

        (await store.LoadAsync("r", Token)).Text().ShouldBe("run=2");
        await RefusedAsync<LeaseLostException>(Commit("r", Mine()));
        (await store.ClaimAsync("r", "they", Minute, Token))!.Token.ShouldBeGreaterThan(Mine().Token);
    }

    [Fact]
    public async Task Runs_that_should_execute_and_that_nobody_drives_are_abandoned()
    {
        await NewRunAsync("late", Mine() with { ExpiresAt = Noon.AddSeconds(20) });
        await NewRunAsync("early", Mine() with { ExpiresAt = Noon.AddSeconds(10) });
        await NewRunAsync("driven", Mine() with { ExpiresAt = Noon.AddSeconds(21) });
        await NewRunAsync("given back");
        await store.ReleaseAsync("given back", Mine(), Token);
        await store.CommitAsync(Commit("pending", Mine() with { ExpiresAt = Noon.AddSeconds(15) }, WorkflowSubStatus.Pending) with { IsNew = true }, Token);
        foreach (var atRest in new[] { WorkflowSubStatus.Suspended, WorkflowSubStatus.Finished, WorkflowSubStatus.Faulted, WorkflowSubStatus.Cancelled })
        {
            await store.CommitAsync(Commit(atRest.ToString(), Mine() with { ExpiresAt = Noon }, atRest) with { IsNew = true }, Token);
        }

        (await AbandonedAsync(20, 10)).ShouldBe("given back early pending late");
        (await AbandonedAsync(19, 10)).ShouldBe("given back early pending");
        (await AbandonedAsync(20, 2)).ShouldBe("given back early");

        Time.Advance(Minute);
        await store.ClaimAsync("early", "they", Minute, Token);
        await store.ClaimAsync("given back", "they", Minute, Token);
        (await AbandonedAsync(30, 10)).ShouldBe("pending late driven");

        async Task<string> AbandonedAsync(int seconds, int limit) => string.Join(" ", await store.GetAbandonedAsync(Noon.AddSeconds(seconds), limit, Token));
    }
}
