using System.Text;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Definitions;

public sealed class CatalogTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_content_published_again_changes_nothing()
    {
        await using var server = await Server.CreateAsync();
        var first = await server.PublishAsync(Story.Of("story", Story.Act("act")));
        var story = Story.Json("story", Story.Act("act"));
        story["version"] = 9;

        var again = await server.PublishAsync(Encoding.UTF8.GetBytes(story.ToJsonString()));

        again.ShouldBe(first);
        (first.Id, first.Version, first.CreatedBy, first.CreatedAt).ShouldBe(("story:1", 1, "ann", server.Time.Now));
    }

    [Fact]
    public async Task A_run_stays_with_the_revision_it_began_with()
    {
        await using var server = await Server.CreateAsync();
        var before = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Act("old")));
        var after = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Act("new")));
        await using var restarted = await Server.CreateAsync(beside: server, hosted: true);

        await restarted.ResumeAsync(before.RunId, "wait");
        await restarted.ResumeAsync(after.RunId, "wait");

        await restarted.Watch.EndOfAsync(before.RunId);
        await restarted.Watch.EndOfAsync(after.RunId);
        (await server.Memory.GetExecutionsAsync(before.RunId, null, Token))[^1].ActivityId.ShouldBe("old");
        (await server.Memory.GetExecutionsAsync(after.RunId, null, Token))[^1].ActivityId.ShouldBe("new");
    }

    [Fact]
    public async Task A_story_with_errors_is_refused_and_leaves_the_published_one()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Act("act")));

        await Should.ThrowAsync<DefinitionException>(() => server.PublishAsync(Story.Of("story", Story.Step("Test.Nope", "nope"))));

        (await server.Catalog.FindPublishedAsync("story", Token))!.Definition.Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_stored_story_that_no_longer_compiles_does_not_keep_the_server_from_starting()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("good", Story.Wait("wait")));
        await server.Memory.SaveAsync(
            new StoredDefinition
            {
                Id = "bad:1",
                DefinitionId = "bad",
                Version = 1,
                Revision = "r",
                Json = Story.Of("bad", Story.Step("Test.Gone", "gone")),
                IsLatest = true,
                IsPublished = true,
                CreatedAt = server.Time.Now,
                CreatedBy = "ann",
            },
            Token);

        await using var restarted = await Server.CreateAsync(beside: server, hosted: true);

        restarted.Log.Lines.ShouldContain(line => line.StartsWith("Error: Story bad version 1 cannot be used", StringComparison.Ordinal));
        (await restarted.Catalog.FindPublishedAsync("good", Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Compiled_revisions_are_kept_within_bounds_and_published_ones_always()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("other", Story.Act("act")));
        var other = await server.Catalog.FindPublishedAsync("other", Token);
        var first = await server.PublishAsync(Story.Of("story", Story.Act("act")));
        var compiled = await server.Catalog.FindPublishedAsync("story", Token);
        for (var i = 0; i < 300; i++)
        {
            await server.PublishAsync(Story.Of("story", Story.Act($"act{i}")));
        }

        server.Catalog.CompiledCount.ShouldBeLessThanOrEqualTo(CompiledRevisions.MaxUnpublished + 2);
        (await server.Catalog.FindPublishedAsync("other", Token)).ShouldBeSameAs(other);
        var again = await server.Catalog.FindRevisionAsync("story", first.Revision, Token);
        again.ShouldNotBeNull().ShouldNotBeSameAs(compiled);
        again.Definition.Revision.ShouldBe(first.Revision);
    }
}
