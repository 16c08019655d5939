using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Definitions;

public sealed class VersionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draft_is_saved_over_until_it_is_published_and_the_next_one_is_a_new_version()
    {
        await using var server = await Server.CreateAsync();
        var first = await SaveAsync(server, "one");
        var second = await SaveAsync(server, "two");
        (second.Id, second.IsLatest, second.IsPublished, second.CreatedBy).ShouldBe((first.Id, true, false, "ann"));
        (await server.Catalog.FindPublishedAsync("story", Token)).ShouldBeNull();

        var published = (await server.Catalog.PublishVersionAsync(second.Id, Server.Ann, Token)).ShouldNotBeNull();
        var third = await SaveAsync(server, "three");

        (published.Id, published.IsPublished).ShouldBe(("story:1", true));
        (third.Id, third.Version, third.IsPublished).ShouldBe(("story:2", 2, false));
        (await server.Catalog.FindPublishedAsync("story", Token)).ShouldNotBeNull().Find("two").ShouldNotBeNull();
        (await server.Catalog.PublishVersionAsync("story:9", Server.Ann, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task The_same_content_saved_again_changes_nothing()
    {
        await using var server = await Server.CreateAsync();
        var published = await server.PublishAsync(Event("story", "one"));

        var saved = await SaveAsync(server, "one");

        saved.ShouldBe(published);
    }

    [Fact]
    public async Task A_draft_that_somebody_ran_is_not_saved_over()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Wait("wait")));
        var draft = await SaveAsync(server, "tried");
        await server.Store.CommitAsync(RunOf(draft, server.Time.Now), Token);

        var next = await SaveAsync(server, "other");

        next.Id.ShouldBe("story:3");
        (await server.Catalog.FindRevisionAsync("story", draft.Revision, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_draft_may_have_errors_and_publishing_it_names_them_and_changes_nothing()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Event("story", "good"));
        var draft = await server.Catalog.SaveDraftAsync(Story.Of("story", Story.Step("Test.Nope", "nope")), Server.Ann, Token);

        var refused = await Should.ThrowAsync<DefinitionException>(async () => await server.Catalog.PublishVersionAsync(draft.Id, Server.Ann, Token));

        refused.Problems.ShouldHaveSingleItem().Code.ShouldBe("unknown-activity-type");
        (await server.Catalog.FindPublishedAsync("story", Token)).ShouldNotBeNull().Definition.Version.ShouldBe(1);
        (await server.Memory.FindVersionAsync(draft.Id, Token)).ShouldNotBeNull().IsPublished.ShouldBeFalse();
        server.Catalog.Triggers.All.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Nothing_starts_a_retracted_story_and_its_runs_go_on()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Event("story", "hear", Story.Wait("wait"), Cron("cron")));
        var run = await server.Runtime.StartAsync(new StartRequest("story") { TriggerActivityId = "hear" }, Server.Ann, Token);
        await run.Rest;
        (await server.Memory.GetSchedulesAsync("story", Token)).ShouldHaveSingleItem();

        (await server.Catalog.RetractAsync("story", Server.Ann, Token)).ShouldBeTrue();

        server.Catalog.Triggers.All.ShouldBeEmpty();
        (await server.Memory.GetSchedulesAsync("story", Token)).ShouldBeEmpty();
        await Should.ThrowAsync<UnknownDefinitionException>(async () => await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token));
        (await server.ResumeAsync(run.RunId, "wait")).ShouldBeTrue();
        (await server.Catalog.RetractAsync("story", Server.Ann, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Going_back_makes_a_draft_of_the_older_version_that_is_a_version_of_its_own()
    {
        await using var server = await Server.CreateAsync();
        var first = await server.PublishAsync(Event("story", "one"));
        await server.PublishAsync(Event("story", "two"));

        var draft = (await server.Catalog.RevertAsync("story", 1, Server.Ann, Token)).ShouldNotBeNull();
        await server.Catalog.PublishVersionAsync(draft.Id, Server.Ann, Token);
        var run = await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token);

        (draft.Id, draft.Revision).ShouldBe(("story:3", first.Revision));
        (await server.SummaryAsync(run.RunId)).Identity.DefinitionVersionId.ShouldBe("story:3");
        (await server.Catalog.RevertAsync("story", 7, Server.Ann, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task What_runs_still_need_cannot_be_deleted()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Event("story", "one", Story.Wait("wait")));
        var run = await server.Runtime.StartAsync(new StartRequest("story") { TriggerActivityId = "one" }, Server.Ann, Token);
        await run.Rest;
        await server.PublishAsync(Event("story", "two"));
        var expected = $"Run {run.RunId} of story 'story' version 1 has not ended, and could not go on. Cancel it first, or wait until it ends.";

        (await Should.ThrowAsync<DefinitionInUseException>(async () => await server.Catalog.DeleteVersionsAsync(["story:2", "story:1"], Token))).Message.ShouldBe(expected);
        (await Should.ThrowAsync<DefinitionInUseException>(async () => await server.Catalog.DeleteDefinitionsAsync(["story"], Token))).Message.ShouldBe(expected);
        server.Catalog.Triggers.All.ShouldHaveSingleItem();

        (await server.Catalog.DeleteVersionsAsync(["story:2", "story:7"], Token)).ShouldBe(1);
        server.Catalog.Triggers.All.ShouldBeEmpty();
        await server.Runtime.CancelAsync(run.RunId, Server.Ann, Token);
        (await server.Catalog.DeleteDefinitionsAsync(["story", "nothing"], Token)).ShouldBe(1);
        (await server.Memory.FindAsync(run.RunId, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Two_nodes_that_save_at_once_lose_nothing()
    {
        await using var one = await Server.CreateAsync();
        await using var two = await MeddledAsync(one, 1, () => one.Catalog.SaveDraftAsync(Event("story", "theirs"), Server.Ann, Token).AsTask());
        await one.PublishAsync(Event("story", "first"));

        await two.PublishAsync(Event("story", "ours"));

        var versions = (await one.Memory.ListAsync(new DefinitionQuery { Versions = DefinitionVersions.All, OrderBy = DefinitionOrder.Version }, Token)).Items;
        versions.Select(version => (version.Id, version.Revision, version.IsPublished)).ShouldBe(
        [
            ("story:1", RevisionOf("first"), false),
            ("story:2", RevisionOf("theirs"), false),
            ("story:3", RevisionOf("ours"), true),
        ]);
    }

    [Fact]
    public async Task A_draft_that_another_node_publishes_is_not_saved_over()
    {
        await using var one = await Server.CreateAsync();
        var draft = await SaveAsync(one, "first");
        await using var two = await MeddledAsync(one, 1, () => one.Catalog.PublishVersionAsync(draft.Id, Server.Ann, Token).AsTask());

        var saved = await SaveAsync(two, "second");

        saved.Id.ShouldBe("story:2");
        (await one.Memory.FindPublishedAsync("story", Token)).ShouldNotBeNull().Revision.ShouldBe(RevisionOf("first"));
    }

    [Fact]
    public async Task A_draft_that_another_node_saves_over_is_not_published_unseen()
    {
        await using var one = await Server.CreateAsync();
        var draft = await SaveAsync(one, "first");
        await using var two = await MeddledAsync(one, 1, () => one.Catalog.SaveDraftAsync(Story.Of("story", Story.Step("Test.Nope", "nope")), Server.Ann, Token).AsTask());

        await Should.ThrowAsync<DefinitionException>(async () => await two.Catalog.PublishVersionAsync(draft.Id, Server.Ann, Token));

        (await one.Memory.FindPublishedAsync("story", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Who_says_what_he_changed_is_told_when_it_is_not_that_any_more()
    {
        await using var one = await Server.CreateAsync();
        var read = await SaveAsync(one, "first");
        await using var two = await MeddledAsync(one, 1, () => one.Catalog.SaveDraftAsync(Event("story", "theirs"), Server.Ann, Token).AsTask());

        var conflict = await Should.ThrowAsync<DefinitionConflictException>(async () => await two.Catalog.SaveDraftAsync(Event("story", "ours"), read.Revision, Server.Ann, Token));

        conflict.Latest.Revision.ShouldBe(RevisionOf("theirs"));
        (await one.Memory.FindLatestAsync("story", Token)).ShouldNotBeNull().Revision.ShouldBe(RevisionOf("theirs"));
    }

    [Fact]
    public async Task Who_is_always_too_slow_is_told_so()
    {
        await using var one = await Server.CreateAsync();
        await SaveAsync(one, "first");
        var edits = 0;
        await using var two = await MeddledAsync(one, 9, () => one.Catalog.SaveDraftAsync(Event("story", $"theirs{++edits}"), Server.Ann, Token).AsTask());

        (await Should.ThrowAsync<DefinitionConflictException>(async () => await SaveAsync(two, "ours"))).Message.ShouldContain("was changed by ann meanwhile");

        edits.ShouldBe(2);
        (await one.Memory.FindLatestAsync("story", Token)).ShouldNotBeNull().Revision.ShouldBe(RevisionOf("theirs2"));
    }

    [Fact]
    public async Task Every_node_follows_what_one_of_them_does()
    {
        await using var one = await Server.CreateAsync(hosted: true);
        await using var two = await Server.CreateAsync(beside: one, hosted: true);

        await FollowsAsync(two, () => one.PublishAsync(Event("story", "one")));
        two.Catalog.Triggers.All.ShouldHaveSingleItem().ActivityId.ShouldBe("one");
        await FollowsAsync(two, () => one.PublishAsync(Event("story", "two")));
        two.Catalog.Triggers.All.ShouldHaveSingleItem().ActivityId.ShouldBe("two");
        (await two.Catalog.FindPublishedAsync("story", Token)).ShouldNotBeNull().Definition.Version.ShouldBe(2);
        await FollowsAsync(two, () => one.Catalog.RetractAsync("story", Server.Ann, Token).AsTask());
        two.Catalog.Triggers.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_signals_may_have_been_lost_a_node_reads_everything_again()
    {
        await using var one = await Server.CreateAsync(hosted: true);
        await one.PublishAsync(Event("gone", "gone"));
        var now = await one.PublishAsync(Event("story", "one"));
        await one.Memory.SaveAsync(now with { Id = "new:1", DefinitionId = "new", Json = Event("new", "new"), Revision = DefinitionParser.Parse(Event("new", "new")).Revision }, Token);
        await one.Memory.SetPublishedAsync("gone", null, Token);

        await one.Catalog.LoadAsync(Token);

        one.Catalog.Triggers.All.Select(trigger => trigger.DefinitionId).ShouldBe(["story", "new"], ignoreOrder: true);
    }

    /// <summary>A node beside another, which does something just before each of the first changes of this one reaches the storage.</summary>
    private static Task<Server> MeddledAsync(Server other, int times, Func<Task> meddle) => Server.CreateAsync(
        services => services.AddSingleton(provider => Meddler.Of(other.Memory, _ => times-- > 0 ? meddle() : Task.CompletedTask)),
        other);

    private static string RevisionOf(string trigger) => DefinitionParser.Parse(Event("story", trigger)).Revision;

    private static byte[] Event(string definitionId, string trigger, params JsonNode[] more)
    {
        var hear = Story.Step("Elsa.Event", trigger, ("eventName", Story.Literal("happened")));
        hear["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        return Story.Of(definitionId, [hear, .. more]);
    }

    private static JsonObject Cron(string id)
    {
        var cron = Story.Step("Elsa.Cron", id, ("cronExpression", Story.Literal("0 0 * * *")));
        cron["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        return cron;
    }

    private static async Task<StoredDefinition> SaveAsync(Server server, string trigger) => await server.Catalog.SaveDraftAsync(Event("story", trigger), Server.Ann, Token);

    private static async Task FollowsAsync(Server node, Func<Task> change)
    {
        var followed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnChanged(string definitionId) => followed.TrySetResult();
        node.Catalog.Changed += OnChanged;
        await change();
        await followed.Task.WaitAsync(Patience.Longest, Token);
        node.Catalog.Changed -= OnChanged;
    }

    private static RunTransaction RunOf(StoredDefinition version, DateTimeOffset at) => new()
    {
        Summary = new()
        {
            Identity = new("run", version.DefinitionId, version.Id, version.Version, version.Revision, null, null, at),
            Status = Engine.Execution.WorkflowStatus.Finished,
            SubStatus = Engine.Execution.WorkflowSubStatus.Finished,
            UpdatedAt = at,
            FinishedAt = at,
        },
        Lease = new("node", 1, at),
        IsNew = true,
        State = [],
        Journal = [],
        Executions = [],
        NewBookmarks = [],
        RemovedBookmarks = [],
        NewTimers = [],
        RemovedTimers = [],
    };
}
