using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every audit log does.</summary>
public abstract class AuditStoreConformance : StorageConformance
{
    private IAuditStore store = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        store = Get<IAuditStore>();
    }

    [Fact]
    public async Task An_entry_comes_back_as_it_was_added()
    {
        var entry = Entry("ann", "story.publish", "enrich") with
        {
            Address = "10.0.0.7",
            Succeeded = false,
            Before = JsonElement.Parse("""{"version":1,"name":"\u0000é"}"""),
            After = JsonElement.Parse("\"because\""),
        };
        await store.AppendAsync(entry, Token);

        var found = (await store.ListAsync(new(), Token)).ShouldHaveSingleItem();

        found.Number.ShouldBePositive();
        JsonElement.DeepEquals(found.Before!.Value, entry.Before!.Value).ShouldBeTrue();
        found.After!.Value.GetString().ShouldBe("because");
        (found with { Number = 0, Before = null, After = null }).ShouldBe(entry with { Before = null, After = null });
    }

    [Fact]
    public async Task What_an_entry_does_not_say_stays_unsaid()
    {
        await store.AppendAsync(Entry("system", "server.start", "node"), Token);

        var found = (await store.ListAsync(new(), Token)).ShouldHaveSingleItem();

        (found.Address, found.Before, found.After, found.Succeeded).ShouldBe((null, null, null, true));
    }

    [Fact]
    public async Task Entries_are_listed_from_the_newest_page_by_page()
    {
        for (var i = 1; i <= 5; i++)
        {
            await store.AppendAsync(Entry("ann", "story.save", $"{i}"), Token);
        }

        var first = await store.ListAsync(new() { Limit = 2 }, Token);
        var second = await store.ListAsync(new() { Limit = 2, Before = first[^1].Number }, Token);
        var last = await store.ListAsync(new() { Limit = 2, Before = second[^1].Number }, Token);

        Subjects(first).ShouldBe("5 4");
        Subjects(second).ShouldBe("3 2");
        Subjects(last).ShouldBe("1");
        (await store.ListAsync(new() { Before = last[^1].Number }, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Entries_are_filtered_by_all_that_is_asked()
    {
        await store.AppendAsync(Entry("ann", "story.save", "a"), Token);
        await store.AppendAsync(Entry("bob", "story.publish", "a") with { At = Noon.AddMinutes(1) }, Token);
        await store.AppendAsync(Entry("ann", "storyline.save", "b") with { At = Noon.AddMinutes(2) }, Token);
        await store.AppendAsync(Entry("ann", "user.create", "c") with { At = Noon.AddMinutes(3) }, Token);

        Subjects(await store.ListAsync(new() { Actor = "ann" }, Token)).ShouldBe("c b a");
        Subjects(await store.ListAsync(new() { Actor = "ANN", Subject = "A" }, Token)).ShouldBe("a");
        Subjects(await store.ListAsync(new() { Actor = "an" }, Token)).ShouldBe("");
        Subjects(await store.ListAsync(new() { Action = "story.save" }, Token)).ShouldBe("a");
        Subjects(await store.ListAsync(new() { Action = "story." }, Token)).ShouldBe("a a");
        Subjects(await store.ListAsync(new() { Action = "story" }, Token)).ShouldBe("");
        Subjects(await store.ListAsync(new() { Subject = "a", Actor = "bob" }, Token)).ShouldBe("a");
        Subjects(await store.ListAsync(new() { From = Noon.AddMinutes(1), To = Noon.AddMinutes(3) }, Token)).ShouldBe("b a");
        Subjects(await store.ListAsync(new() { From = Noon.AddMinutes(3) }, Token)).ShouldBe("c");
        Subjects(await store.ListAsync(new() { To = Noon.AddMinutes(1), Actor = "bob" }, Token)).ShouldBe("");
    }

    [Fact]
    public async Task Entries_added_at_once_are_all_there_each_with_its_number()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => store.AppendAsync(Entry("ann", "story.save", $"{i}"), Token).AsTask()));

        var entries = await store.ListAsync(new(), Token);

        entries.Select(entry => entry.Subject).Distinct().Count().ShouldBe(50);
        entries.Select(entry => entry.Number).ShouldBe(entries.Select(entry => entry.Number).Distinct().OrderDescending());
    }

    private static AuditEntry Entry(string actor, string action, string subject) => new() { At = Noon, Actor = actor, SignedInBy = "session", Action = action, Subject = subject };

    private static string Subjects(IEnumerable<AuditEntry> entries) => string.Join(' ', entries.Select(entry => entry.Subject));
}
