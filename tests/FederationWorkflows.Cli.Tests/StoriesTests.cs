using System.Text;
using FederationWorkflows.Cli.Tests.Support;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow stories</c>, against a server on this machine.</summary>
public sealed class StoriesTests : TestFolder
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stories_are_listed_with_their_versions_and_published_by_id()
    {
        await using var server = await StartAsync();
        (await FedflowAsync(server, "list")).ShouldBe((0, "No stories.\n", ""));
        await PublishAsync(server, "alpha", "one");
        await DraftAsync(server, "alpha", "two");

        var (code, table, error) = await FedflowAsync(server, "list");
        code.ShouldBe(0, error);
        table.Split('\n').Single(line => line.Contains("alpha", StringComparison.Ordinal)).Split(['│', '|'], StringSplitOptions.TrimEntries)[1..5].ShouldBe(["alpha", "Story alpha", "1", "2"]);

        (await FedflowAsync(server, "publish", "alpha", "nothing")).ShouldBe((1, "Story alpha: published\n", "Story nothing: There is no such version of story 'nothing'.\n"));
        var story = Fedflow.Json((await FedflowAsync(server, "list", "--json")).Output).GetProperty("stories")[0];
        (story.GetProperty("published").GetInt32(), story.GetProperty("latest").GetInt32()).ShouldBe((2, 2));
    }

    [Fact]
    public async Task A_pulled_story_keeps_its_file_and_only_what_changed_differs()
    {
        await using var server = await StartAsync();
        Directory.CreateDirectory(Path.Combine(Folder, "workflows"));
        var text = """
            {
                "name": "Story alpha",
                "definitionId": "alpha",
                "root": { "type": "Elsa.WriteLine", "version": 1, "id": "say",
                    "text": { "expression": { "type": "Literal", "value": "one" } } }
            }

            """;
        var file = Write("workflows/my own name.json", text);
        (await FedflowAsync(server, "push", "workflows")).ShouldBe((0, "workflows/my own name.json (alpha): created\n", ""));
        await PublishAsync(server, "beta", "one");

        (await FedflowAsync(server, "pull")).ShouldBe((0, "workflows/my own name.json (alpha): unchanged\nworkflows/story-beta.json (beta): created\n", ""));
        (await ReadAsync(file)).ShouldBe(text);
        (await FedflowAsync(server, "push", "workflows", "--publish")).ShouldBe((0, "workflows/my own name.json (alpha): published\nworkflows/story-beta.json (beta): unchanged\n", ""));

        await DraftAsync(server, "alpha", "two");
        (await FedflowAsync(server, "pull", "alpha")).ShouldBe((0, "workflows/my own name.json (alpha): changed\n", ""));
        var first = await ReadAsync(file);
        first.ShouldStartWith("{\n    \"name\": \"Story alpha\",\n    \"definitionId\": \"alpha\",\n    \"root\": {\n");
        first.ShouldNotContain("nodeId");
        first.ShouldNotContain("isLatest");
        await DraftAsync(server, "alpha", "three");
        (await FedflowAsync(server, "pull", "alpha")).Code.ShouldBe(0);
        (await ReadAsync(file)).ShouldBe(first.Replace("\"two\"", "\"three\"", StringComparison.Ordinal));
        (await FedflowAsync(server, "pull", "nothing")).ShouldBe((1, "", "Story nothing: There is no such story.\n"));
    }

    [Fact]
    public async Task What_changed_on_both_sides_is_lost_on_neither()
    {
        await using var server = await StartAsync();
        await PublishAsync(server, "alpha", "one");
        (await FedflowAsync(server, "pull")).Code.ShouldBe(0);
        var file = "workflows/story-alpha.json";
        Write(file, (await ReadAsync(file)).Replace("\"one\"", "\"mine\"", StringComparison.Ordinal));
        await DraftAsync(server, "alpha", "theirs");

        var (code, output, error) = await FedflowAsync(server, "push", file, "--publish");
        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith($"{file} (alpha): The server's latest version is not the one this file was last pulled or pushed as, so nothing was sent.");
        (await FedflowAsync(server, "pull", "alpha")).Error.ShouldContain("pull with --force");
        (await ReadAsync(file)).ShouldContain("\"mine\"");

        (await FedflowAsync(server, "push", file, "--publish", "--force")).ShouldBe((0, $"{file} (alpha): changed, published\n", ""));
        Write(file, (await ReadAsync(file)).Replace("\"mine\"", "\"mine again\"", StringComparison.Ordinal));
        (await FedflowAsync(server, "push", file)).ShouldBe((0, $"{file} (alpha): changed\n", ""), "nobody else changed it since");
        (await FedflowAsync(server, "push", file)).ShouldBe((0, $"{file} (alpha): unchanged\n", ""));
        Write(file, (await ReadAsync(file)).Replace("\"mine again\"", "\"not wanted\"", StringComparison.Ordinal));
        (await FedflowAsync(server, "pull", "alpha", "--force")).ShouldBe((0, $"{file} (alpha): changed\n", ""));
        (await ReadAsync(file)).ShouldContain("\"mine again\"");
    }

    [Fact]
    public async Task One_wrong_file_keeps_all_from_being_sent()
    {
        await using var server = await StartAsync();
        Directory.CreateDirectory(Path.Combine(Folder, "workflows"));
        Write("workflows/a.json", Json("alpha", "one"));
        Write("workflows/b.json", Json("beta", "one").Replace("Elsa.WriteLine", "Elsa.WriteLin", StringComparison.Ordinal));

        var (code, output, error) = await FedflowAsync(server, "push", "workflows");
        (code, output).ShouldBe((1, ""));
        error.ShouldContain("workflows/b.json: It has errors, so nothing was sent:");
        Write("workflows/b.json", Json("alpha", "two"));
        (await FedflowAsync(server, "push", "workflows")).Error.ShouldContain("workflows/b.json (alpha): workflows/a.json holds the same story, so nothing was sent.");
        Write("workflows/b.json", Json("beta", "one").Replace("\"definitionId\"", "\"id\"", StringComparison.Ordinal));
        (await FedflowAsync(server, "push", "workflows", "--json")).Output.ShouldContain("It has no \\\"definitionId\\\"");
        (await FedflowAsync(server, "list")).Output.ShouldBe("No stories.\n");
    }

    private static async Task<WebApplication> StartAsync()
    {
        var app = await ServerHost.CreateAsync(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Server:Stories"] = "", ["Storage:Mode"] = "Memory", ["SignIn:TrustLocalCallers"] = "true" });
                builder.Logging.ClearProviders();
            },
            Cancellation);
        await app.StartAsync(Cancellation);
        return app;
    }

    private static string Json(string id, string text) =>
        $$$"""{"definitionId":"{{{id}}}","name":"Story {{{id}}}","root":{"type":"Elsa.WriteLine","version":1,"id":"say","text":{"expression":{"type":"Literal","value":"{{{text}}}"} } } }""";

    private static async Task PublishAsync(WebApplication server, string id, string text) =>
        await server.Services.GetRequiredService<DefinitionCatalog>().PublishAsync(Encoding.UTF8.GetBytes(Json(id, text)), ServerHost.System, Cancellation);

    private static async Task DraftAsync(WebApplication server, string id, string text) =>
        await server.Services.GetRequiredService<DefinitionCatalog>().SaveDraftAsync(Encoding.UTF8.GetBytes(Json(id, text)), ServerHost.System, Cancellation);

    private Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(Folder, file), Cancellation);

    private async Task<(int Code, string Output, string Error)> FedflowAsync(WebApplication server, params string[] arguments) =>
        await Fedflow.RunAsync(Folder, ["stories", .. arguments, "--server", server.Urls.Single()]);
}
