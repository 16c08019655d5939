using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Designer.DesignerApi;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>Lists of stories, their versions, and what is done with several of them.</summary>
public sealed class ListTests
{
    private static readonly string[] SummaryFields = ["links", "id", "definitionId", "name", "description", "version", "isLatest", "isPublished", "createdAt", "toolVersion", "isReadonly"];

    [Fact]
    public async Task Stories_are_found_by_version_text_name_and_page()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("alpha"), Story("beta"), Story("gamma"));
        var all = await server.ShowAsync("/workflow-definitions?versionOptions=Latest&Page=0&PageSize=10&SearchTerm=&IsSystem=False&OrderDirection=Ascending&OrderBy=Name");
        all.ShouldHave("items", "totalCount", "links");
        all["links"]![0].Text("rel").ShouldBe("bulk-publish");
        all.Items().ShouldAllBe(item => SummaryFields.All(item.ContainsKey) && !item.ContainsKey("root"));
        Ids(all).ShouldBe(["alpha", "beta", "gamma"]);
        Ids(await server.ShowAsync("/workflow-definitions?versionOptions=Latest&Page=1&PageSize=2&OrderBy=Name")).ShouldBe(["gamma"]);
        Ids(await server.ShowAsync("/workflow-definitions?SearchTerm=ET")).ShouldBe(["beta"]);
        Ids(await server.ShowAsync("/workflow-definitions?versionOptions=Published&DefinitionIds=alpha&DefinitionIds=gamma&OrderBy=Name")).ShouldBe(["alpha", "gamma"]);
        Ids(await server.ShowAsync("/workflow-definitions?versionOptions=Draft")).ShouldBeEmpty();
        Ids(await server.ShowAsync("/workflow-definitions?versionOptions=1&DefinitionIds=beta")).ShouldBe(["beta"]);
        Ids(await server.ShowAsync("/workflow-definitions?IsSystem=True")).ShouldBeEmpty();
        (await server.ShowAsync("/workflow-definitions/query/count"))["count"]!.GetValue<int>().ShouldBe(3);
        (await server.ShowAsync("/workflow-definitions/many-by-id?ids=alpha:1&ids=beta:1")).Items().Count().ShouldBe(2);
        using var wrong = await server.GetAsync("/elsa/api/workflow-definitions?versionOptions=Newest");
        (await wrong.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("Newest");
    }

    [Fact]
    public async Task A_name_is_unique_until_another_story_has_it()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("alpha"));
        (await Unique("name=Alpha")).ShouldBeFalse();
        (await Unique("name=alpha&definitionId=alpha")).ShouldBeTrue();
        (await Unique("name=alph")).ShouldBeTrue();

        async Task<bool> Unique(string query) => (await server.ShowAsync("/workflow-definitions/validation/is-name-unique?" + query))["isUnique"]!.GetValue<bool>();
    }

    [Fact]
    public async Task Versions_are_published_retracted_gone_back_to_and_deleted()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("story"));
        var model = await server.ShowAsync("/workflow-definitions/by-definition-id/story?versionOptions=Latest");
        model["description"] = "Second.";
        await server.SaveAsync(model);
        var published = await server.PostAsync("/workflow-definitions/story/publish", new JsonObject());
        (published["alreadyPublished"]!.GetValue<bool>(), published["workflowDefinition"]!["version"]!.GetValue<int>()).ShouldBe((false, 2));
        (await server.PostAsync("/workflow-definitions/story/publish", new JsonObject()))["alreadyPublished"]!.GetValue<bool>().ShouldBeTrue();

        var history = await server.ShowAsync("/workflow-definitions?versionOptions=AllVersions&Page=0&PageSize=10&DefinitionIds=story&OrderBy=Version&OrderDirection=Descending");
        history.Items().Select(item => (item["version"]!.GetValue<int>(), item["isPublished"]!.GetValue<bool>())).ShouldBe([(2, true), (1, false)]);

        var retracted = await server.PostAsync("/workflow-definitions/story/retract", new JsonObject());
        (retracted.Text("id"), retracted["isPublished"]!.GetValue<bool>()).ShouldBe(("story:2", false));
        (await server.RefusedAsync("/workflow-definitions/story/retract", new JsonObject())).ShouldContain("No version of story 'story' is published");

        var draft = await server.SendAsync(HttpMethod.Post, "/workflow-definitions/story/revert/1", null);
        draft.ShouldHave(SummaryFields);
        var content = await server.ShowAsync($"/workflow-definitions/by-id/{draft.Text("id")}");
        (content["version"]!.GetValue<int>(), content.Text("description"), content["isLatest"]!.GetValue<bool>()).ShouldBe((3, "A test.", true));

        await server.SendAsync(HttpMethod.Delete, "/workflow-definition-versions/story:3", null, HttpStatusCode.NoContent);
        (await server.ShowAsync("/workflow-definitions/by-definition-id/story?versionOptions=Latest")).Text("id").ShouldBe("story:2");
        (await server.PostAsync("/bulk-actions/delete/workflow-definitions/by-id", new JsonObject { ["ids"] = new JsonArray("story:1", "nope") }))["deleted"]!.GetValue<int>().ShouldBe(1);
        await server.SendAsync(HttpMethod.Delete, "/workflow-definitions/story", null, HttpStatusCode.NoContent);
        await server.SendAsync(HttpMethod.Delete, "/workflow-definitions/story", null, HttpStatusCode.NoContent);
        await server.ShowAsync("/workflow-definitions/by-definition-id/story", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Several_stories_are_retracted_published_and_deleted_at_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("alpha"), Story("beta"));
        var ids = new JsonObject { ["definitionIds"] = new JsonArray("alpha", "beta", "nope") };
        var retracted = await server.PostAsync("/bulk-actions/retract/workflow-definitions/by-definition-ids", ids);
        (retracted["retracted"]!.AsArray().Count, retracted["alreadyRetracted"]!.AsArray().Count, retracted["notFound"]![0]!.GetValue<string>()).ShouldBe((2, 0, "nope"));
        var published = await server.PostAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", ids);
        published.ShouldHave("published", "alreadyPublished", "notFound", "updatedConsumers");
        published["published"]!.AsArray().Count.ShouldBe(2);
        (await server.PostAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", ids))["alreadyPublished"]!.AsArray().Count.ShouldBe(2);
        (await server.PostAsync("/bulk-actions/delete/workflow-definitions/by-definition-id", ids))["deleted"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task Of_several_stories_those_without_errors_are_published_and_of_the_others_it_says_why_not()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var sound = await server.SaveAsync(New("Sound", Writes("say", Literal("hello"))));
        var broken = await server.SaveAsync(New("Broken", Writes("say", Formula("1 +"))));
        var ids = new JsonObject { ["definitionIds"] = new JsonArray(broken.Text("definitionId"), sound.Text("definitionId")) };

        var published = await server.PostAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", ids);

        published["published"]!.AsArray().Select(id => (string)id!).ShouldBe([sound.Text("definitionId")]);
        published["errors"]![broken.Text("definitionId")]![0]!.GetValue<string>().ShouldStartWith("Broken: Input 'Text'");
        (await server.RefusedAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", ids)).ShouldStartWith("Broken: Input 'Text'", Case.Sensitive, "and this time nothing is published");
    }

    [Fact]
    public async Task Files_go_out_and_come_in_one_by_one_and_in_archives()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("alpha"), Story("beta"));
        using var one = await server.GetAsync("/elsa/api/workflow-definitions/alpha/export?versionOptions=Latest&includeConsumingWorkflows=False");
        one.Content.Headers.ContentDisposition!.FileName.ShouldBe("alpha.json");
        var file = JsonNode.Parse(await one.TextAsync()).ShouldBeOfType<JsonObject>();
        file.Text("$schema").ShouldStartWith("https://elsaworkflows.io/schemas/workflow-definition");
        file.ShouldHave("definitionId", "id", "root", "name");
        file.ContainsKey("links").ShouldBeFalse();
        file["customProperties"]!.AsObject().ContainsKey("revision").ShouldBeFalse();

        file["definitionId"] = "copy";
        file["name"] = "Copy";
        (await server.PostAsync("/workflow-definitions/import", file)).Text("id").ShouldBe("copy:1");
        (await server.PostAsync("/workflow-definitions/import", file)).Text("id").ShouldBe("copy:1", "the same file again changes nothing");

        using var archive = await server.PostAsync("/elsa/api/bulk-actions/export/workflow-definitions", """{"ids":["alpha:1","beta:1"],"includeConsumingWorkflows":false}""");
        archive.Content.Headers.ContentType!.MediaType.ShouldBe("application/zip");
        var bytes = await archive.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        using (var zip = new ZipArchive(new MemoryStream(bytes)))
        {
            zip.Entries.Select(entry => entry.Name).ShouldBe(["alpha.json", "beta.json"]);
        }

        await server.PostAsync("/bulk-actions/delete/workflow-definitions/by-definition-id", new JsonObject { ["definitionIds"] = new JsonArray("alpha", "beta", "copy") });
        using var form = new MultipartFormDataContent { { new ByteArrayContent(bytes), "files", "stories.zip" }, { new StringContent(file.ToJsonString()), "files", "copy.json" } };
        using var imported = await server.PostAsync("/elsa/api/workflow-definitions/import-files", form);
        (await ServerUnderTest.JsonAsync(imported)).GetProperty("count").GetInt32().ShouldBe(3);
        Ids(await server.ShowAsync("/workflow-definitions?OrderBy=Name")).ShouldBe(["alpha", "beta", "copy"]);

        using var broken = new MultipartFormDataContent { { new ByteArrayContent(Encoding.UTF8.GetBytes("{}")), "files", "no-story.json" } };
        using var refused = await server.PostAsync("/elsa/api/workflow-definitions/import-files", broken);
        (await refused.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("no-story.json");
    }

    [Fact]
    public async Task A_run_whose_version_was_deleted_is_still_listed_and_shown()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("story"));
        var deleted = await server.ShowAsync("/workflow-definitions?versionOptions=&Ids=story:1&Ids=gone:4");
        deleted.Items().Select(item => item.Text("name")).ShouldBe(["story", "gone (deleted)"]);
        var shown = await server.ShowAsync("/workflow-definitions/by-id/gone:4");
        (shown["version"]!.GetValue<int>(), shown["links"]!.AsArray().Count, shown["root"].Text("type")).ShouldBe((4, 0, "Elsa.Flowchart"));
    }

    private static JsonObject Story(string id)
    {
        var story = Of(id, [Writes("say", Literal("hello"))]);
        story["description"] = "A test.";
        return story;
    }

    private static IEnumerable<string> Ids(JsonObject list) => list.Items().Select(item => item.Text("definitionId"));
}
