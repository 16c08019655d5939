using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions.Files;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Definitions;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class StoryFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("stories").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broken_file_leaves_the_others_and_its_last_good_version_alone_and_is_reported_once()
    {
        await using var server = await CreateAsync();
        await WriteAsync("a.json", Story.Of("a", Story.Act("act")));
        await WriteAsync("b.json", Story.Of("b", Story.Act("act")));
        await ScanAsync(server);
        await WriteAsync("0-empty.json", []);
        await WriteAsync("1-noise.json", [0xff, 0xfe, 0x00, 0x7b]);
        await WriteAsync("2-large.json", new byte[DefinitionParser.MaxBytes + 1]);
        await WriteAsync("3-list.json", "[]"u8.ToArray());
        await WriteAsync("a.json", Story.Of("a", Story.Step("Test.Nope", "nope")));
        await WriteAsync("b.json", Story.Of("b", Story.Act("other")));
        await WriteAsync("notes.txt", "no story"u8.ToArray());
        Directory.CreateDirectory(Path.Combine(folder, "folder.json"));
        File.CreateSymbolicLink(Path.Combine(folder, "4-gone.json"), Path.Combine(folder, "nowhere"));

        var published = await ScanAsync(server);
        (await ScanAsync(server)).ShouldBeEmpty();

        (published.ShouldHaveSingleItem().Id, published[0].CreatedBy).ShouldBe(("b:2", "file:b.json"));
        (await server.Catalog.FindPublishedAsync("a", Token)).ShouldNotBeNull().Find("act").ShouldNotBeNull();
        var errors = server.Log.Lines.Where(line => line.StartsWith("Error:", StringComparison.Ordinal)).ToArray();
        foreach (var file in new[] { "0-empty", "1-noise", "2-large", "3-list", "4-gone", "a" })
        {
            errors.ShouldContain(line => line.Contains(file + ".json was not published", StringComparison.Ordinal), file);
        }

        errors.Length.ShouldBe(6);
        await WriteAsync("a.json", Story.Of("a", Story.Act("mended")));
        (await ScanAsync(server)).ShouldHaveSingleItem().Id.ShouldBe("a:2");
    }

    [Fact]
    public async Task Two_files_of_one_story_do_not_take_turns_and_the_second_follows_when_the_first_goes()
    {
        await using var server = await CreateAsync();
        await WriteAsync("a.json", Story.Of("a", Story.Act("one")));
        await WriteAsync("b.json", Story.Of("a", Story.Act("two")));

        await ScanAsync(server);
        await ScanAsync(server);

        (await server.Memory.FindLatestAsync("a", Token))!.Version.ShouldBe(1);
        server.Log.Lines.Count(line => line.Contains("b.json was not published: a.json has a story of the same definitionId 'a'. Give one of them another.", StringComparison.Ordinal)).ShouldBe(1);
        File.Delete(Path.Combine(folder, "a.json"));
        (await ScanAsync(server)).ShouldHaveSingleItem().CreatedBy.ShouldBe("file:b.json");
        server.Log.Lines.ShouldContain(line => line.Contains("Story file a.json is gone; its story a stays published until it is retracted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_person_decided_survives_a_restart()
    {
        await using var server = await CreateAsync();
        await WriteAsync("changed.json", Story.Of("changed", Story.Act("one")));
        await WriteAsync("retracted.json", Story.Of("retracted", Story.Act("one")));
        await ScanAsync(server);
        await server.PublishAsync(Story.Of("changed", Story.Act("two")));
        await server.Catalog.RetractAsync("retracted", Server.Ann, Token);

        await using var restarted = await CreateAsync(beside: server);
        (await ScanAsync(restarted)).ShouldBeEmpty();

        (await PublishedAsync(server, "changed")).ShouldNotBeNull().Version.ShouldBe(2);
        (await PublishedAsync(server, "retracted")).ShouldBeNull();
        restarted.Log.Lines.ShouldContain(line => line.Contains("Story file changed.json holds version 1 of changed; version 2 by ann stays published.", StringComparison.Ordinal));
        await WriteAsync("retracted.json", Story.Of("retracted", Story.Act("two")));
        (await ScanAsync(restarted)).ShouldHaveSingleItem().Id.ShouldBe("retracted:2");
    }

    [Fact]
    public async Task A_file_that_went_back_to_an_older_content_is_published_whether_the_server_ran_or_not()
    {
        await using var server = await CreateAsync();
        foreach (var step in new[] { "one", "two", "one" })
        {
            await WriteAsync("a.json", Story.Of("a", Story.Act(step)));
            await ScanAsync(server);
        }

        (await PublishedAsync(server, "a"))!.Version.ShouldBe(3);
        await WriteAsync("a.json", Story.Of("a", Story.Act("two")));
        await using var restarted = await CreateAsync(beside: server);
        await ScanAsync(restarted);
        (await PublishedAsync(server, "a"))!.Version.ShouldBe(4);
    }

    [Fact]
    public async Task What_is_published_elsewhere_is_written_to_the_file_in_the_order_and_indentation_it_had()
    {
        await using var server = await CreateAsync();
        const string Before = "{\r\n    \"name\": \"Größe\",\r\n    \"definitionId\": \"a\",\r\n    \"root\": {\r\n        \"id\": \"main\",\r\n        \"type\": \"Elsa.Sequence\",\r\n        \"version\": 1,\r\n        \"activities\": [\r\n            {\r\n                \"version\": 1,\r\n                \"id\": \"act\",\r\n                \"type\": \"Test.Act\"\r\n            }\r\n        ]\r\n    },\r\n    \"id\": \"a:1\",\r\n    \"version\": 1\r\n}\r\n";
        await WriteAsync("a.json", Encoding.UTF8.GetBytes(Before));
        File.SetUnixFileMode(Path.Combine(folder, "a.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await ScanAsync(server);
        var edited = JsonNode.Parse((await PublishedAsync(server, "a"))!.Json.Span)!;
        edited["root"]!["activities"]!.AsArray().Insert(0, Story.Act("first"));
        edited["isLatest"] = true;
        edited["root"]!["nodeId"] = "Workflow1:main";

        await server.PublishAsync(Encoding.UTF8.GetBytes(edited.ToJsonString()));
        await server.Get<StoryFolder>().WriteBackAsync("a", Token);

        var text = await File.ReadAllTextAsync(Path.Combine(folder, "a.json"), Token);
        text.ShouldBe(Before
            .Replace("            {\r\n                \"version\"", "            {\r\n                \"type\": \"Test.Act\",\r\n                \"id\": \"first\",\r\n                \"version\": 1\r\n            },\r\n            {\r\n                \"version\"", StringComparison.Ordinal)
            .Replace("\"a:1\",\r\n    \"version\": 1", "\"a:2\",\r\n    \"version\": 2", StringComparison.Ordinal));
        File.GetUnixFileMode(Path.Combine(folder, "a.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Directory.GetFiles(folder).ShouldHaveSingleItem();
        (await ScanAsync(server)).ShouldBeEmpty();
        (await PublishedAsync(server, "a"))!.Version.ShouldBe(2);
        DefinitionParser.Parse(text).Revision.ShouldBe((await PublishedAsync(server, "a"))!.Revision);
    }

    [Fact]
    public async Task A_file_that_somebody_else_changed_meanwhile_is_not_written_over()
    {
        await using var server = await CreateAsync();
        await WriteAsync("a.json", Story.Of("a", Story.Act("one")));
        await ScanAsync(server);
        await server.PublishAsync(Story.Of("a", Story.Act("two")));
        await WriteAsync("a.json", Story.Of("a", Story.Act("three")));

        await server.Get<StoryFolder>().WriteBackAsync("a", Token);

        (await ScanAsync(server)).ShouldHaveSingleItem().Id.ShouldBe("a:3");
        (await server.Catalog.FindPublishedAsync("a", Token))!.Find("three").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_told_and_the_story_stays_published()
    {
        // The file's name leaves no room for the name of the file beside it that is written first: that stops everybody, root too.
        var file = new string('a', 245) + ".json";
        await using var server = await CreateAsync();
        await WriteAsync(file, Story.Of("a", Story.Act("one")));
        await ScanAsync(server);
        await server.PublishAsync(Story.Of("a", Story.Act("two")));

        await server.Get<StoryFolder>().WriteBackAsync("a", Token);

        server.Log.Lines.ShouldContain(line => line.Contains($"Story a version 2 is published, but could not be written to {file}:", StringComparison.Ordinal));
        (await PublishedAsync(server, "a"))!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_running_server_follows_the_folder_and_writes_what_is_published()
    {
        await WriteAsync("a.json", Story.Of("a", Story.Act("one")));
        await using var server = await CreateAsync(hosted: true);
        (await PublishedAsync(server, "a"))!.Version.ShouldBe(1);

        await WriteAsync("a.json", Story.Of("a", Story.Act("two")));
        await UntilAsync(server, async () => (await PublishedAsync(server, "a"))!.Version == 2);
        await server.PublishAsync(Story.Of("a", Story.Act("three")));
        await UntilAsync(server, async () => (await File.ReadAllTextAsync(Path.Combine(folder, "a.json"), Token)).Contains("three", StringComparison.Ordinal));

        (await PublishedAsync(server, "a"))!.Version.ShouldBe(3);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_yet_is_followed_once_it_is()
    {
        var later = Path.Combine(folder, "later");
        await using var server = await Server.CreateAsync(services => services.Configure<StoryFolderOptions>(options => options.Path = later), hosted: true);
        server.Log.Lines.ShouldContain(line => line.Contains($"The folder of stories {later} does not exist; set Server:Stories to one that does", StringComparison.Ordinal));
        Directory.CreateDirectory(later);
        await WriteAsync("later/a.json", Story.Of("a", Story.Act("one")));

        await UntilAsync(server, async () => await PublishedAsync(server, "a") is not null);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task<StoredDefinition?> PublishedAsync(Server server, string definitionId) => await server.Memory.FindPublishedAsync(definitionId, Token);

    private static async Task<IReadOnlyList<StoredDefinition>> ScanAsync(Server server) => await server.Get<StoryFolder>().ScanAsync(Token);

    private static Task UntilAsync(Server server, Func<Task<bool>> isSo) => server.AdvanceUntilAsync(isSo, TimeSpan.FromMilliseconds(200));

    private Task<Server> CreateAsync(Server? beside = null, bool hosted = false) =>
        Server.CreateAsync(services => services.Configure<StoryFolderOptions>(options => options.Path = folder), beside, hosted);

    private Task WriteAsync(string name, byte[] content) => File.WriteAllBytesAsync(Path.Combine(folder, name), content, Token);
}
