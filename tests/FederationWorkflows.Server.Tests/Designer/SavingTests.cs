using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Designer.DesignerApi;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>What the designer saves, and what it gets back.</summary>
public sealed class SavingTests
{
    private static readonly string[] Fields =
    [
        "links", "id", "definitionId", "name", "description", "createdAt", "version", "toolVersion", "variables", "inputs", "outputs", "outcomes", "customProperties", "isReadonly", "isSystem",
        "isLatest", "isPublished", "options", "root",
    ];

    [Fact]
    public async Task A_new_story_has_everything_the_designer_needs_to_draw_and_change_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var saved = await server.SaveAsync(New("Workflow 1"));

        saved.ShouldHave(Fields);
        saved.Where(property => property.Value is null).ShouldBeEmpty("null crashes the designer");
        saved["links"]!.AsArray().Select(link => link.Text("rel")).ShouldContain("publish");
        (saved["version"]!.GetValue<int>(), saved["isLatest"]!.GetValue<bool>(), saved["isPublished"]!.GetValue<bool>()).ShouldBe((1, true, false));
        saved["root"].Text("nodeId").ShouldBe("Workflow1:root-Workflow 1");
        saved["root"].ShouldHave("activities", "connections");

        var id = saved.Text("definitionId");
        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{id}?versionOptions=Latest")).ToJsonString().ShouldBe(saved.ToJsonString());
        (await server.ShowAsync($"/workflow-definitions/by-id/{saved.Text("id")}")).ToJsonString().ShouldBe(saved.ToJsonString());
    }

    [Fact]
    public async Task A_repeated_request_creates_no_second_story()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var first = await server.SaveAsync(New("Workflow 1"));
        var second = await server.SaveAsync(New("Workflow 1"));
        second.ToJsonString().ShouldBe(first.ToJsonString());
        (await server.ShowAsync("/workflow-definitions")).Items().Count().ShouldBe(1);

        first["description"] = "Mine.";
        await server.SaveAsync(first);
        var third = await server.SaveAsync(New("Workflow 1"));
        third.Text("definitionId").ShouldNotBe(first.Text("definitionId"), "what was sent first is another story by now, and stays as it is");
        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{first.Text("definitionId")}?versionOptions=Latest")).Text("description").ShouldBe("Mine.");
    }

    [Fact]
    public async Task Every_activity_has_its_place_at_every_depth()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var inner = Activity("Elsa.Sequence", "inner", ("activities", new JsonArray(Writes("deep", Literal("hello")))));
        var branch = Activity("Elsa.If", "branch", ("then", inner));
        var text = Literal("{\"type\":\"Elsa.WriteLine\",\"id\":\"not-me\",\"version\":1}");
        var saved = await server.SaveAsync(New("Deep", branch, Writes("beside", text)));

        var activities = saved["root"]!["activities"]!.AsArray();
        activities[0].Text("nodeId").ShouldBe("Workflow1:root-Deep:branch");
        activities[0]!["then"].Text("nodeId").ShouldBe("Workflow1:root-Deep:branch:inner");
        activities[0]!["then"]!["activities"]![0].Text("nodeId").ShouldBe("Workflow1:root-Deep:branch:inner:deep");
        activities[1]!["text"]!["expression"].Text("value").ShouldContain("not-me");
    }

    [Fact]
    public async Task What_the_designer_does_not_know_survives_its_saving()
    {
        var story = Of("story", [Writes("say", Literal("hello"))]);
        story["owner"] = "platform team";
        story["options"] = new JsonObject { ["usableAsActivity"] = false, ["somethingOfOurs"] = 7 };
        ((JsonObject)story["root"]!)["extra"] = new JsonObject { ["deep"] = true };
        await using var server = await ServerUnderTest.StartAsync(story);
        var model = await server.ShowAsync("/workflow-definitions/by-definition-id/story?versionOptions=Latest");
        model.Remove("owner");
        ((JsonObject)model["options"]!).Remove("somethingOfOurs");
        model["name"] = "Renamed";
        var saved = await server.SaveAsync(model);

        (saved.Text("owner"), saved["options"]!["somethingOfOurs"]!.GetValue<int>(), saved["root"]!["extra"]!["deep"]!.GetValue<bool>()).ShouldBe(("platform team", 7, true));
        (saved["version"]!.GetValue<int>(), saved["isPublished"]!.GetValue<bool>()).ShouldBe((2, false), "a published version is never changed");
        var published = await server.ShowAsync("/workflow-definitions/by-definition-id/story?versionOptions=Published");
        (published.Text("name"), published["isLatest"]!.GetValue<bool>()).ShouldBe(("story", false));
    }

    [Fact]
    public async Task A_picker_shows_what_a_file_names_and_the_file_stays_as_it_was_written()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var inner = Activity("Elsa.Sequence", "inner", ("variables", new JsonArray(Declared("inside", "Inside"))), ("activities", new JsonArray(Writes("deep", Variable("Inside")))));
        var story = New("Picks", Writes("first", Variable("target")), Writes("second", Expression("Input", "severity")), Writes("third", Variable("nowhere")), inner);
        story["variables"] = new JsonArray(Declared("target", "target"), Declared("inside", "outer"));
        story["inputs"] = new JsonArray(new JsonObject { ["name"] = "severity", ["type"] = "String" });
        var id = (await server.SaveAsync(story)).Text("definitionId");
        var before = await server.ShowAsync($"/workflow-definitions/{id}/export?versionOptions=Latest");
        var shown = await server.ShowAsync($"/workflow-definitions/by-definition-id/{id}?versionOptions=Latest");

        Picked(shown, 0).ShouldBe(Declared("target", "target").ToJsonString());
        Picked(shown, 1).ShouldBe("""{"name":"severity","type":"String"}""");
        Picked(shown, 2).ShouldBe("nowhere");
        shown["root"]!["activities"]![3]!["activities"]![0]!["text"]!["expression"].Text("value").ShouldBe(Declared("inside", "Inside").ToJsonString(), "it is the nearest of that name");

        // The designer renames the variable and picks another one: both know it by its id, and only what has changed is written differently.
        shown["variables"]![0]!["name"] = "renamed";
        shown["root"]!["activities"]![2]!["text"]!["expression"]!["value"] = new JsonObject { ["id"] = "inside", ["name"] = "outer" }.ToJsonString();
        await server.SaveAsync(shown);
        var now = await server.ShowAsync($"/workflow-definitions/{id}/export?versionOptions=Latest");
        new[] { 0, 1, 2 }.Select(index => Picked(now, index)).ShouldBe(["target", "severity", "inside"]);
        now["root"]!["activities"]![3]!["activities"]!.ToJsonString().ShouldBe(before["root"]!["activities"]![3]!["activities"]!.ToJsonString());

        static JsonObject Declared(string id, string name) => new() { ["id"] = id, ["name"] = name, ["typeName"] = "String", ["isArray"] = false, ["value"] = "x" };
        static string? Picked(JsonObject story, int index) => story["root"]!["activities"]![index]!["text"]!["expression"].Text("value");
    }

    [Theory]
    [InlineData("""{"id":"a","id":"b"}""")]
    [InlineData("""{"id":"a" """)]
    [InlineData("""{"id":{"id":1}}""")]
    [InlineData("{}")]
    [InlineData("[[[")]
    public async Task Whatever_text_a_picker_is_left_with_the_story_is_saved_and_shown(string text)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var story = New("Left over", Writes("first", Variable("v")), Writes("second", Variable(text)));
        story["variables"] = new JsonArray(new JsonObject { ["id"] = "v", ["name"] = "v", ["typeName"] = "Object", ["isArray"] = false, ["value"] = new JsonObject { ["a"] = 1 } });
        var saved = await server.SaveAsync(story);

        saved["variables"]![0]!["value"] = text;
        saved = await server.SaveAsync(saved);

        saved["root"]!["activities"]![1]!["text"]!["expression"].Text("value").ShouldBe(text);
        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{saved.Text("definitionId")}?versionOptions=Latest"))["root"]!["activities"]!.AsArray().Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("""["a","b"]""", "[\"a\", \"b\"]", """["a","b"]""")]
    [InlineData("""["a"]""", "[\"a\", \"c\"]", """["a","c"]""")]
    [InlineData("90", "91", "91")]
    [InlineData("true", "False", "\"False\"")]
    [InlineData("[]", "something else", "\"something else\"")]
    [InlineData("\"[1]\"", "[1]", "\"[1]\"")]
    public async Task A_default_that_is_no_text_is_none_when_it_comes_back(string inFile, string fromDesigner, string expected)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var story = New("Defaults", Writes("say", Literal("hello")));
        story["variables"] = new JsonArray(new JsonObject { ["id"] = "v", ["name"] = "v", ["typeName"] = "Object", ["isArray"] = false, ["value"] = JsonNode.Parse(inFile) });
        var saved = await server.SaveAsync(story);

        saved["variables"]![0]!["value"] = fromDesigner;
        saved = await server.SaveAsync(saved);

        saved["variables"]![0]!["value"]!.ToJsonString().ShouldBe(expected);
    }

    [Fact]
    public async Task An_unknown_activity_is_drawn_as_such_and_becomes_itself_again()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var strange = Activity("Acme.Launch", "rocket", ("target", Literal("moon")));
        strange["version"] = 3;
        var model = await server.SaveAsync(New("Space", strange));
        var shown = model["root"]!["activities"]![0];
        (shown.Text("type"), shown!["version"]!.GetValue<int>(), shown.Text("missingTypeName")).ShouldBe(("Elsa.NotFoundActivity", 1, "Acme.Launch"));

        model["description"] = "Saved again.";
        var saved = await server.SaveAsync(model);
        using var export = await server.GetAsync($"/elsa/api/workflow-definitions/{saved.Text("definitionId")}/export?versionOptions=Latest");
        var exported = JsonNode.Parse(await export.TextAsync())!["root"]!["activities"]![0];
        (exported.Text("type"), exported!["version"]!.GetValue<int>(), exported["target"]!["expression"].Text("value")).ShouldBe(("Acme.Launch", 3, "moon"));
        (await server.RefusedAsync("/workflow-definitions", Save(saved, publish: true))).ShouldContain("Acme.Launch");
    }

    [Fact]
    public async Task A_half_finished_story_is_saved_and_says_what_is_wrong_when_it_is_to_be_published()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var model = await server.SaveAsync(New("Half", Starts("in"), Writes("say", Formula("1 +"))));
        var message = await server.RefusedAsync("/workflow-definitions", Save(model, publish: true));
        message.ShouldContain("Input 'Text'");
        var id = model.Text("definitionId");
        (await server.RefusedAsync($"/workflow-definitions/{id}/publish", new JsonObject())).ShouldBe(message);
        (await server.RefusedAsync("/bulk-actions/publish/workflow-definitions/by-definition-ids", new JsonObject { ["definitionIds"] = new JsonArray(id) })).ShouldContain(message);
        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{id}"))["isPublished"]!.GetValue<bool>().ShouldBeFalse();
        using var problems = await server.GetAsync($"/api/definitions/{id}/problems");
        var listed = await ServerUnderTest.JsonAsync(problems);
        (listed.GetProperty("canPublish").GetBoolean(), listed.GetProperty("items").EnumerateArray().Any(problem => problem.GetProperty("activityId").GetString() == "say")).ShouldBe((false, true));
    }

    [Fact]
    public async Task Somebody_elses_change_is_not_overwritten()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var mine = await server.SaveAsync(New("Shared", Writes("say", Literal("hello"))));
        var theirs = (JsonObject)mine.DeepClone();
        theirs["description"] = "Theirs.";
        await server.SaveAsync(theirs);

        mine["description"] = "Mine.";
        (await server.RefusedAsync("/workflow-definitions", Save(mine))).ShouldContain("was changed by local meanwhile");
        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{mine.Text("definitionId")}")).Text("description").ShouldBe("Theirs.");

        var repeated = await server.SaveAsync(theirs);
        repeated.Text("description").ShouldBe("Theirs.", "the designer's own repetition is no conflict");
        repeated["description"] = "Later.";
        (await server.SaveAsync(repeated)).Text("description").ShouldBe("Later.");
    }

    [Fact]
    public async Task A_page_that_saves_faster_than_it_is_answered_does_not_get_in_its_own_way()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var model = await server.SaveAsync(New("Fast", Writes("say", Literal("hello"))));
        foreach (var (page, text, status) in new[] { ("A", "1", HttpStatusCode.OK), ("A", "2", HttpStatusCode.OK), ("B", "3", HttpStatusCode.BadRequest), ("A", "4", HttpStatusCode.OK) })
        {
            model["description"] = text;
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Base + "/workflow-definitions", UriKind.Relative));
            request.Headers.Add("X-Editor-Page", page);
            request.Content = new StringContent(Save(model).ToJsonString(), System.Text.Encoding.UTF8, "application/json");
            using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(status, text);
        }

        (await server.ShowAsync($"/workflow-definitions/by-definition-id/{model.Text("definitionId")}")).Text("description").ShouldBe("4");
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("{}", "must be {\"model\"")]
    [InlineData("""{"model":{"name":"x"}}""", "has no \"root\"")]
    [InlineData("""{"model":{"name":"x","name":"y","root":{}}}""", "not valid JSON")]
    public async Task What_is_no_story_is_refused_with_a_reason(string body, string reason)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var answer = await server.PostAsync("/elsa/api/workflow-definitions", body);
        (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(reason);
    }

    [Fact]
    public async Task A_story_without_positions_is_laid_out_along_its_connections()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var model = New("Flow", Writes("one", Literal("1")), Writes("two", Literal("2")), Writes("other", Literal("3")));
        model["root"]!["connections"] = new JsonArray(Way("one", "two"), Way("one", "other"), Way("two", "one"));
        var saved = await server.SaveAsync(model);
        var places = saved["root"]!["activities"]!.AsArray().Select(activity => activity!["metadata"]!["designer"]!["position"]!).Select(place => (place["x"]!.GetValue<double>(), place["y"]!.GetValue<double>())).ToArray();
        places.Distinct().Count().ShouldBe(3);
        places[1].Item1.ShouldBe(places[2].Item1);

        static JsonObject Way(string from, string to) => new() { ["source"] = new JsonObject { ["activity"] = from, ["port"] = "Done" }, ["target"] = new JsonObject { ["activity"] = to, ["port"] = "In" } };
    }
}
