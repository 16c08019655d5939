using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>ETags of stories: who has one already is not sent it again, and who changes one loses nobody's work.</summary>
public sealed class ConditionTests
{
    private const string Import = "/elsa/api/workflow-definitions/import";

    [Theory]
    [InlineData("/elsa/api/workflow-definitions/by-definition-id/alpha")]
    [InlineData("/elsa/api/workflow-definitions/alpha/export")]
    public async Task A_story_that_is_known_is_not_sent_again_until_it_changes(string path)
    {
        await using var server = await ServerUnderTest.StartAsync(Story("one"));
        var tag = await TagAsync(server, path);
        tag.ShouldStartWith("\"");
        using (var same = await SendAsync(server, HttpMethod.Get, path, null, ("If-None-Match", $"\"other\", {tag}")))
        {
            same.StatusCode.ShouldBe(HttpStatusCode.NotModified);
            (await same.TextAsync()).ShouldBe("");
        }

        (await server.PostAsync("/workflow-definitions/alpha/retract", new JsonObject()))["isPublished"]!.GetValue<bool>().ShouldBeFalse();
        using (var retracted = await SendAsync(server, HttpMethod.Get, path, null, ("If-None-Match", tag)))
        {
            retracted.StatusCode.ShouldBe(HttpStatusCode.OK, "it says whether it is published");
        }

        await server.PostAsync("/workflow-definitions/import", Story("two"));
        using var changed = await SendAsync(server, HttpMethod.Get, path, null, ("If-None-Match", tag));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        changed.Headers.ETag!.Tag.ShouldNotBe(tag);
    }

    [Fact]
    public async Task A_file_is_saved_over_what_it_is_based_on_and_nothing_else()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("one"));
        var tag = await TagAsync(server, "/elsa/api/workflow-definitions/alpha/export");

        await server.PostAsync("/workflow-definitions/alpha/retract", new JsonObject());
        await ImportAsync(server, Story("two"), ("If-Match", tag), HttpStatusCode.OK);
        (await ImportAsync(server, Story("three"), ("If-Match", tag), HttpStatusCode.PreconditionFailed)).ShouldContain("Get it, bring your change into it, and send that with If-Match");
        (await server.ShowAsync("/workflow-definitions/alpha/export"))["description"]!.GetValue<string>().ShouldBe("two");
        await ImportAsync(server, Story("three"), ("If-Match", "*"), HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_new_story_takes_the_place_of_none()
    {
        await using var server = await ServerUnderTest.StartAsync();
        (await ImportAsync(server, Story("one"), ("If-Match", "*"), HttpStatusCode.PreconditionFailed)).ShouldContain("There is no story 'alpha'");
        await ImportAsync(server, Story("one"), ("If-None-Match", "*"), HttpStatusCode.OK);
        (await ImportAsync(server, Story("two"), ("If-None-Match", "*"), HttpStatusCode.PreconditionFailed)).ShouldContain("nothing was changed");
        (await server.ShowAsync("/workflow-definitions/alpha/export"))["description"]!.GetValue<string>().ShouldBe("one");
    }

    [Fact]
    public async Task A_story_that_goes_out_and_comes_back_is_the_same()
    {
        await using var server = await ServerUnderTest.StartAsync(Story("one"));
        var tag = await TagAsync(server, "/elsa/api/workflow-definitions/alpha/export");

        (await server.PostAsync("/workflow-definitions/import", await server.ShowAsync("/workflow-definitions/alpha/export"))).Text("id").ShouldBe("alpha:1");
        await server.SaveAsync(await server.ShowAsync("/workflow-definitions/by-definition-id/alpha"));

        (await TagAsync(server, "/elsa/api/workflow-definitions/alpha/export")).ShouldBe(tag);
    }

    private static JsonObject Story(string description)
    {
        var story = Of("alpha", [Writes("say", Literal("hello"))]);
        story["description"] = description;
        return story;
    }

    private static async Task<string> TagAsync(ServerUnderTest server, string path)
    {
        using var answer = await server.GetAsync(path);
        answer.Headers.ETag.ShouldNotBeNull().IsWeak.ShouldBeFalse();
        return answer.Headers.ETag.Tag;
    }

    private static async Task<string> ImportAsync(ServerUnderTest server, JsonObject story, (string Name, string Value) condition, HttpStatusCode status)
    {
        using var answer = await SendAsync(server, HttpMethod.Post, Import, story, condition);
        if (status != HttpStatusCode.OK)
        {
            return await answer.ShouldBeProblemAsync(status);
        }

        answer.StatusCode.ShouldBe(status, await answer.TextAsync());
        return "";
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, HttpMethod method, string path, JsonObject? body, (string Name, string Value) condition)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation(condition.Name, condition.Value);
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
