using System.Text;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every store of documents does.</summary>
public abstract class DocumentStoreConformance : StorageConformance
{
    private IDocumentStore store = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        store = Get<IDocumentStore>();
    }

    [Fact]
    public async Task A_document_comes_back_as_it_was_stored_with_its_first_revision()
    {
        (await store.PutAsync(New("user", "1", "ann", """{"roles":["editor"],"name":"Änn 🦊"}"""), Token)).ShouldBe(1);

        var found = (await store.FindAsync("user", "1", Token)).ShouldNotBeNull();

        Encoding.UTF8.GetString(found.Json.Span).ShouldBe("""{"roles":["editor"],"name":"Änn 🦊"}""");
        (found with { Json = default }).ShouldBe(new Document("user", "1", "ann", default, 1));
        (await store.FindByAliasAsync("user", "ann", Token)).ShouldNotBeNull().Id.ShouldBe("1");
    }

    [Fact]
    public async Task A_document_of_another_kind_name_or_case_is_not_found()
    {
        await store.PutAsync(New("user", "a", "ann"), Token);

        (await store.FindAsync("key", "a", Token)).ShouldBeNull();
        (await store.FindAsync("user", "A", Token)).ShouldBeNull();
        (await store.FindByAliasAsync("key", "ann", Token)).ShouldBeNull();
        (await store.FindByAliasAsync("user", "Ann", Token)).ShouldBeNull();
        (await store.FindByAliasAsync("user", "a", Token)).ShouldBeNull();
        (await store.ListAsync("key", null, 10, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_document_is_replaced_by_who_read_its_last_revision()
    {
        await store.PutAsync(New("user", "1", "ann"), Token);

        (await store.PutAsync(New("user", "1", "bob", "2") with { Revision = 1 }, Token)).ShouldBe(2);
        (await store.PutAsync(New("user", "1", null, "3") with { Revision = 2 }, Token)).ShouldBe(3);

        var found = (await store.FindAsync("user", "1", Token)).ShouldNotBeNull();
        (Encoding.UTF8.GetString(found.Json.Span), found.Alias, found.Revision).ShouldBe(("3", null, 3));
        (await store.FindByAliasAsync("user", "ann", Token)).ShouldBeNull();
        (await store.FindByAliasAsync("user", "bob", Token)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_document_is_left_as_it_is_by_who_read_another_revision(long read)
    {
        await store.PutAsync(New("user", "1", "ann"), Token);
        await store.PutAsync(New("user", "1", "ann", "2") with { Revision = 1 }, Token);

        var error = await Should.ThrowAsync<DocumentConflictException>(async () => await store.PutAsync(New("user", "1", "ann", "3") with { Revision = read }, Token));

        error.Message.ShouldContain(read == 0 ? "There is a user '1' already." : "changed or deleted by somebody else");
        Encoding.UTF8.GetString((await store.FindAsync("user", "1", Token))!.Json.Span).ShouldBe("2");
    }

    [Fact]
    public async Task A_document_that_was_deleted_meanwhile_does_not_come_back()
    {
        await store.PutAsync(New("user", "1", null), Token);
        await store.DeleteAsync("user", "1", null, Token);

        await Should.ThrowAsync<DocumentConflictException>(async () => await store.PutAsync(New("user", "1", null) with { Revision = 1 }, Token));

        (await store.FindAsync("user", "1", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_name_is_given_once_among_its_kind()
    {
        await store.PutAsync(New("user", "1", "ann"), Token);
        await store.PutAsync(New("user", "2", "bob"), Token);
        await store.PutAsync(New("key", "1", "ann"), Token);

        (await Should.ThrowAsync<DocumentConflictException>(async () => await store.PutAsync(New("user", "3", "ann"), Token))).Message.ShouldStartWith("Another user has the name");
        (await Should.ThrowAsync<DocumentConflictException>(async () => await store.PutAsync(New("user", "2", "ann") with { Revision = 1 }, Token))).Message.ShouldStartWith("Another user");

        (await store.FindAsync("user", "3", Token)).ShouldBeNull();
        (await store.FindByAliasAsync("user", "ann", Token))!.Id.ShouldBe("1");
        (await store.FindByAliasAsync("user", "bob", Token))!.Id.ShouldBe("2");
    }

    [Fact]
    public async Task Of_many_that_store_the_same_document_at_once_one_succeeds()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await store.PutAsync(New("user", $"{i % 5}", "ann", $"{i}"), Token);
                return true;
            }
            catch (DocumentConflictException)
            {
                return false;
            }
        }));

        outcomes.Count(stored => stored).ShouldBe(1);
        (await store.ListAsync("user", null, 10, Token)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Documents_are_listed_by_id_page_by_page()
    {
        foreach (var id in new[] { "b", "a", "B", "c", "ab" })
        {
            await store.PutAsync(New("user", id, null), Token);
        }

        await store.PutAsync(New("key", "aa", null), Token);

        Ids(await store.ListAsync("user", null, 10, Token)).ShouldBe("B a ab b c");
        Ids(await store.ListAsync("user", null, 2, Token)).ShouldBe("B a");
        Ids(await store.ListAsync("user", "a", 2, Token)).ShouldBe("ab b");
        Ids(await store.ListAsync("user", "c", 2, Token)).ShouldBe("");
    }

    [Fact]
    public async Task A_document_is_deleted_by_who_read_it_or_does_not_care()
    {
        await store.PutAsync(New("user", "1", "ann"), Token);
        await store.PutAsync(New("user", "2", "bob"), Token);

        (await store.DeleteAsync("user", "1", 2, Token)).ShouldBeFalse();
        (await store.DeleteAsync("key", "1", null, Token)).ShouldBeFalse();
        (await store.FindAsync("user", "1", Token)).ShouldNotBeNull();

        (await store.DeleteAsync("user", "1", 1, Token)).ShouldBeTrue();
        (await store.DeleteAsync("user", "2", null, Token)).ShouldBeTrue();
        (await store.DeleteAsync("user", "2", null, Token)).ShouldBeFalse();
        (await store.PutAsync(New("user", "3", "ann"), Token)).ShouldBe(1);
    }

    [Fact]
    public async Task Every_change_is_told_once_it_is_stored_and_what_changed_nothing_is_not()
    {
        using var heard = new System.Collections.Concurrent.BlockingCollection<StoreSignal>();
        await store.FindAsync("user", "1", Token);
        using var subscription = Get<IStoreSignals>().Subscribe(heard.Add);

        await store.PutAsync(New("user", "1", null), Token);
        await store.DeleteAsync("user", "2", null, Token);
        await Should.ThrowAsync<DocumentConflictException>(async () => await store.PutAsync(New("user", "1", null), Token));
        await store.PutAsync(New("secret", "1", null), Token);
        await store.PutAsync(New("secret", "1", null) with { Revision = 1 }, Token);
        await store.DeleteAsync("user", "1", null, Token);

        var kinds = Enumerable.Range(0, 4).Select(_ => heard.TryTake(out var signal, 10_000, Token) ? signal : default).ToList();
        kinds.ShouldBe([new("documents", "user"), new("documents", "secret"), new("documents", "secret"), new("documents", "user")]);
    }

    private static Document New(string kind, string id, string? alias, string json = "{}") => new(kind, id, alias, Encoding.UTF8.GetBytes(json), 0);

    private static string Ids(IEnumerable<Document> documents) => string.Join(' ', documents.Select(document => document.Id));
}
