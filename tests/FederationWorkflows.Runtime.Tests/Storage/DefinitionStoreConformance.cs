using System.Text;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of definitions does.</summary>
public abstract class DefinitionStoreConformance : StorageConformance
{
    private IDefinitionStore store = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        store = Get<IDefinitionStore>();
    }

    [Fact]
    public async Task A_definition_comes_back_as_it_was_saved()
    {
        var saved = Version("a", 1, isPublished: true);
        await store.SaveAsync(saved, Token);

        var found = (await store.FindLatestAsync("a", Token)).ShouldNotBeNull();

        Encoding.UTF8.GetString(found.Json.Span).ShouldBe(Encoding.UTF8.GetString(saved.Json.Span));
        (found with { Json = default }).ShouldBe(saved with { Json = default });
    }

    [Fact]
    public async Task A_version_is_saved_over_the_latest_that_its_writer_read_and_over_no_other()
    {
        var one = Version("a", 1);
        (await store.TrySaveAsync(one, one, Token)).ShouldBeFalse("there is none");
        (await store.TrySaveAsync(one, null, Token)).ShouldBeTrue();
        (await store.TrySaveAsync(one with { Revision = "mine" }, null, Token)).ShouldBeFalse("there is one by now");
        (await store.TrySaveAsync(one with { Revision = "edited" }, one, Token)).ShouldBeTrue();
        (await store.TrySaveAsync(Version("a", 2), one, Token)).ShouldBeFalse("its content is another");
        await store.SetPublishedAsync("a", "a:1", Token);
        (await store.TrySaveAsync(one with { Revision = "again" }, one with { Revision = "edited" }, Token)).ShouldBeFalse("it was published, and what is published is not saved over");
        var read = (await store.FindLatestAsync("a", Token)).ShouldNotBeNull();
        (await store.TrySaveAsync(Version("a", 2), read, Token)).ShouldBeTrue();
        (await store.TrySaveAsync(Version("a", 3), read, Token)).ShouldBeFalse("another version is the latest");

        var all = (await store.ListAsync(new() { Versions = DefinitionVersions.All, OrderBy = DefinitionOrder.Version }, Token)).Items;
        all.Select(version => (version.Id, version.Revision, version.IsLatest, version.IsPublished)).ShouldBe([("a:1", "edited", false, true), ("a:2", "revision2", true, false)]);
        (await store.TrySaveAsync(Version("b", 1), null, Token)).ShouldBeTrue("another story is not in its way");
    }

    [Fact]
    public async Task Of_many_who_save_over_the_same_version_at_once_one_succeeds()
    {
        var read = Version("a", 1);
        await store.SaveAsync(read, Token);

        var saved = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () => await store.TrySaveAsync(Version("a", 2) with { Revision = $"of {writer}" }, read, Token))));

        saved.Count(isSaved => isSaved).ShouldBe(1);
        (await store.FindLatestAsync("a", Token)).ShouldNotBeNull().Revision.ShouldBe($"of {Array.IndexOf(saved, true)}");
    }

    [Fact]
    public async Task A_definition_that_is_unknown_is_not_found()
    {
        await store.SaveAsync(Version("a", 1, isLatest: false), Token);

        (await store.FindLatestAsync("a", Token)).ShouldBeNull();
        (await store.FindPublishedAsync("a", Token)).ShouldBeNull();
        (await store.FindLatestAsync("b", Token)).ShouldBeNull();
        (await store.FindByRevisionAsync("a", "other", Token)).ShouldBeNull();
        (await store.FindByRevisionAsync("b", "revision1", Token)).ShouldBeNull();
        (await store.GetPublishedAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_new_published_version_takes_the_place_of_the_old()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 2, isPublished: true), Token);

        (await store.FindLatestAsync("a", Token))!.Version.ShouldBe(2);
        (await store.FindPublishedAsync("a", Token))!.Version.ShouldBe(2);
        var old = (await store.FindByRevisionAsync("a", "revision1", Token)).ShouldNotBeNull();
        (old.IsLatest, old.IsPublished).ShouldBe((false, false));
    }

    [Fact]
    public async Task A_draft_is_the_latest_and_leaves_the_published_version()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 2), Token);

        (await store.FindLatestAsync("a", Token))!.Version.ShouldBe(2);
        (await store.FindPublishedAsync("a", Token))!.Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_version_saved_again_is_replaced()
    {
        await store.SaveAsync(Version("a", 1), Token);
        await store.SaveAsync(Version("a", 1) with { Revision = "edited", CreatedBy = "bob" }, Token);

        (await store.FindByRevisionAsync("a", "revision1", Token)).ShouldBeNull();
        (await store.FindLatestAsync("a", Token))!.CreatedBy.ShouldBe("bob");
    }

    [Fact]
    public async Task A_version_saved_again_without_its_flags_loses_them()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 1), Token);

        (await store.FindPublishedAsync("a", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_revision_that_was_published_twice_is_found()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 2, isPublished: true), Token);
        await store.SaveAsync(Version("a", 3, isPublished: true) with { Revision = "revision1" }, Token);

        (await store.FindByRevisionAsync("a", "revision1", Token)).ShouldNotBeNull().Revision.ShouldBe("revision1");
        (await store.FindByRevisionAsync("a", "revision2", Token)).ShouldNotBeNull().Version.ShouldBe(2);
    }

    [Fact]
    public async Task Definitions_do_not_touch_each_other()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("b", 1, isPublished: true), Token);
        await store.SaveAsync(Version("c", 1), Token);

        (await store.GetPublishedAsync(Token)).Select(stored => stored.Id).Order(StringComparer.Ordinal).ShouldBe(["a:1", "b:1"]);
        (await store.FindLatestAsync("a", Token))!.Id.ShouldBe("a:1");
    }

    [Fact]
    public async Task A_version_is_found_by_its_id()
    {
        await store.SaveAsync(Version("a", 1), Token);
        await store.SaveAsync(Version("a", 2), Token);

        (await store.FindVersionAsync("a:1", Token)).ShouldNotBeNull().Version.ShouldBe(1);
        (await store.FindVersionAsync("a:3", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Definitions_are_listed_filtered_ordered_and_paged()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true, name: "zebra"), Token);
        await store.SaveAsync(Version("a", 2, name: "Zebra 100%"), Token);
        await store.SaveAsync(Version("b", 1, isPublished: true, name: "apple"), Token);
        await store.SaveAsync(Version("c", 1, name: ""), Token);

        await ShouldListAsync(new(), "b:1 c:1 a:2", 3);
        await ShouldListAsync(new() { Versions = DefinitionVersions.Published }, "a:1 b:1", 2);
        await ShouldListAsync(new() { Versions = DefinitionVersions.LatestOrPublished, DefinitionIds = ["a"] }, "a:1 a:2", 2);
        await ShouldListAsync(new() { Versions = DefinitionVersions.All, DefinitionIds = ["a"], OrderBy = DefinitionOrder.Version, Descending = true }, "a:2 a:1", 2);
        await ShouldListAsync(new() { Versions = DefinitionVersions.All, Ids = ["a:1", "c:1", "x:1"] }, "a:1 c:1", 2);
        await ShouldListAsync(new() { OrderBy = DefinitionOrder.Name }, "b:1 c:1 a:2", 3);
        await ShouldListAsync(new() { OrderBy = DefinitionOrder.Name, Descending = true, Skip = 1, Take = 1 }, "c:1", 3);
        await ShouldListAsync(new() { SearchText = "ZEBRA" }, "a:2", 1);
        await ShouldListAsync(new() { SearchText = "100%" }, "a:2", 1);
        await ShouldListAsync(new() { SearchText = "_" }, "", 0);
        await ShouldListAsync(new() { SearchText = "c" }, "c:1", 1);
        await store.SaveAsync(Version("d", 1, name: "") with { Json = Encoding.UTF8.GetBytes("""{"root":{"description":"inner"},"description":"Rotates \u0000 Keys","definitionId":"d"}""") }, Token);
        await ShouldListAsync(new() { SearchText = "keys" }, "d:1", 1);
        await ShouldListAsync(new() { SearchText = "inner" }, "", 0);

        async Task ShouldListAsync(DefinitionQuery query, string ids, long total)
        {
            var page = await store.ListAsync(query, Token);
            string.Join(" ", page.Items.Select(definition => definition.Id)).ShouldBe(ids);
            page.TotalCount.ShouldBe(total);
        }
    }

    [Fact]
    public async Task A_version_is_published_and_retracted()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 2), Token);
        await store.SaveAsync(Version("b", 1, isPublished: true), Token);

        (await store.SetPublishedAsync("a", "a:2", Token)).ShouldBeTrue();
        (await store.FindPublishedAsync("a", Token))!.Id.ShouldBe("a:2");
        (await store.FindVersionAsync("a:1", Token))!.IsPublished.ShouldBeFalse();

        (await store.SetPublishedAsync("a", null, Token)).ShouldBeTrue();
        (await store.FindPublishedAsync("a", Token)).ShouldBeNull();
        (await store.FindLatestAsync("a", Token))!.Id.ShouldBe("a:2");
        (await store.FindPublishedAsync("b", Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_does_not_exist_is_neither_published_nor_retracted()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("b", 1), Token);

        (await store.SetPublishedAsync("a", "b:1", Token)).ShouldBeFalse();
        (await store.SetPublishedAsync("a", "a:9", Token)).ShouldBeFalse();
        (await store.SetPublishedAsync("b", null, Token)).ShouldBeFalse();

        (await store.FindPublishedAsync("a", Token))!.Id.ShouldBe("a:1");
    }

    [Fact]
    public async Task When_the_latest_version_goes_the_highest_left_is_the_latest()
    {
        await store.SaveAsync(Version("a", 1, isPublished: true), Token);
        await store.SaveAsync(Version("a", 2), Token);
        await store.SaveAsync(Version("a", 3), Token);

        (await store.DeleteVersionsAsync(["a:3", "a:9"], Token)).ShouldBe(1);

        (await store.FindLatestAsync("a", Token))!.Id.ShouldBe("a:2");
        (await store.FindPublishedAsync("a", Token))!.Id.ShouldBe("a:1");
        (await store.DeleteVersionsAsync(["a:1"], Token)).ShouldBe(1);
        (await store.FindLatestAsync("a", Token))!.Id.ShouldBe("a:2");
    }

    [Fact]
    public async Task A_definition_goes_with_its_versions_and_its_schedules()
    {
        var schedules = Get<IScheduleStore>();
        foreach (var id in new[] { "a", "b", "c" })
        {
            await store.SaveAsync(Version(id, 1), Token);
            await store.SaveAsync(Version(id, 2, isPublished: true), Token);
            await schedules.ReplaceSchedulesAsync(id, [new(id, id, "revision2", "timer", Time.Now, default)], Token);
        }

        (await store.DeleteDefinitionsAsync(["a", "x"], Token)).ShouldBe(1);
        (await store.DeleteVersionsAsync(["b:1", "b:2"], Token)).ShouldBe(2);

        (await store.ListAsync(new() { Versions = DefinitionVersions.All }, Token)).Items.Select(definition => definition.Id).ShouldBe(["c:1", "c:2"], ignoreOrder: true);
        (await schedules.GetDueSchedulesAsync(DateTimeOffset.MaxValue, 10, Token)).ShouldHaveSingleItem().Id.ShouldBe("c");
    }

    private StoredDefinition Version(string definitionId, int version, bool isLatest = true, bool isPublished = false, string name = "ä") => new()
    {
        Id = $"{definitionId}:{version}",
        DefinitionId = definitionId,
        Version = version,
        Revision = $"revision{version}",
        Json = Encoding.UTF8.GetBytes($$"""{"root":{"name":"inner"},"definitionId":"{{definitionId}}","name":"{{name}}"}"""),
        IsLatest = isLatest,
        IsPublished = isPublished,
        CreatedAt = Time.Now.AddMinutes(definitionId == "a" ? version * version : version),
        CreatedBy = "ann",
    };
}
