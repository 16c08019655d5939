using System.Text;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of definitions does. A store's own test class inherits it and says how to make one that is empty.</summary>
public abstract class DefinitionStoreConformance : IAsyncLifetime
{
    private IDefinitionStore store = null!;

    protected FakeTime Time { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A store without definitions.</summary>
    protected abstract ValueTask<IDefinitionStore> CreateAsync();

    public async ValueTask InitializeAsync() => store = await CreateAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await ((store as IAsyncDisposable)?.DisposeAsync() ?? ValueTask.CompletedTask);
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

    private StoredDefinition Version(string definitionId, int version, bool isLatest = true, bool isPublished = false) => new()
    {
        Id = $"{definitionId}:{version}",
        DefinitionId = definitionId,
        Version = version,
        Revision = $"revision{version}",
        Json = Encoding.UTF8.GetBytes($$"""{"definitionId":"{{definitionId}}","name":"ä"}"""),
        IsLatest = isLatest,
        IsPublished = isPublished,
        CreatedAt = Time.Now,
        CreatedBy = "ann",
    };
}
