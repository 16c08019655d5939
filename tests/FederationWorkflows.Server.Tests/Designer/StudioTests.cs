using System.Net;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>The designer's files and pages, as the server sends them. Its package is one of a few files here.</summary>
public sealed class StudioTests : IDisposable
{
    private const string Hashed = "_framework/MudBlazor.b5s38r9i21.wasm";

    private readonly DirectoryInfo package = Directory.CreateTempSubdirectory("studio-");

    public StudioTests()
    {
        Write("package.json", """{"version":"3.8.2"}""");
        Write("appsettings.json", "{}");
        Write("_framework/blazor.webassembly.js", "start()");
        Write(Hashed, "module");
        Write(Hashed + ".br", "brotli");
        Write(Hashed + ".gz", "gzip");
        Write("_content/style.css", "a{}");
    }

    public void Dispose() => package.Delete(recursive: true);

    [Theory]
    [InlineData(Hashed, "application/wasm", "public, max-age=31536000, immutable")]
    [InlineData("_framework/blazor.webassembly.js", "text/javascript", "no-cache")]
    [InlineData("_content/style.css", "text/css", "no-cache")]
    [InlineData("appsettings.json", "application/json", "no-cache")]
    public async Task Files_have_their_types_and_are_kept_as_long_as_their_names_allow(string path, string type, string caching)
    {
        await using var server = await StartAsync();
        using var answer = await server.GetAsync($"/studio/{path}");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (answer.Content.Headers.ContentType!.MediaType, answer.Headers.GetValues("Cache-Control").Single()).ShouldBe((type, caching));
        using var again = await SendAsync(server, path, request => request.Headers.IfNoneMatch.Add(answer.Headers.ETag!));
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData("gzip, br", "br", "brotli")]
    [InlineData("gzip, br;q=0", "gzip", "gzip")]
    [InlineData("identity", null, "module")]
    public async Task What_was_compressed_beforehand_is_sent_so_to_who_takes_it(string accepted, string? encoding, string content)
    {
        await using var server = await StartAsync();
        using var answer = await SendAsync(server, Hashed, request => request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted));
        (answer.Content.Headers.ContentEncoding.SingleOrDefault(), await answer.TextAsync(), answer.Content.Headers.ContentType!.MediaType).ShouldBe((encoding, content, "application/wasm"));
        answer.Headers.Vary.ShouldContain("Accept-Encoding");
    }

    [Theory]
    [InlineData("nothing.json")]
    [InlineData("index.html")]
    [InlineData("package.json")]
    [InlineData("_framework/MudBlazor.b5s38r9i21.wasm.br")]
    [InlineData("..%2f..%2fetc/passwd")]
    public async Task Nothing_else_is_sent_in_the_place_of_a_file(string path)
    {
        await using var server = await StartAsync();
        using var answer = await server.GetAsync($"/studio/{path}");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("", "/studio/workflows/definitions", "data-page=\"definitions\"")]
    [InlineData("/flows", "/studio/workflows/definitions/story/edit", "data-page=\"definition\" data-id=\"story\"")]
    [InlineData("", "/studio/workflows/instances", "data-page=\"instances\"")]
    public async Task Each_of_its_elements_has_a_page_below_whatever_path(string pathBase, string path, string shown)
    {
        await using var server = await StartAsync(pathBase);
        using var answer = await server.GetAsync(pathBase + path);
        var page = await answer.TextAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, page);
        page.ShouldContain(shown);
        page.ShouldContain($"<base href=\"{pathBase}/studio/\"");
        page.ShouldContain($"data-api=\"{pathBase}/elsa/api\"");
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("connect-src 'self';");
        policy.Split(';').Single(part => part.TrimStart().StartsWith("script-src", StringComparison.Ordinal)).Split(' ').ShouldNotContain(source => source == "'unsafe-inline'" || source == "'unsafe-eval'");
    }

    [Fact]
    public async Task A_story_or_run_that_is_not_there_has_a_page_that_says_so()
    {
        await using var server = await StartAsync();
        using var story = await server.GetAsync("/studio/workflows/definitions/nope/edit");
        (story.StatusCode, (await story.TextAsync()).Contains("There is no story", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.NotFound, true));
        using var run = await server.GetAsync("/studio/workflows/instances/nope/view");
        run.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Links_to_the_root_of_the_server_lead_to_its_pages_unless_a_webhook_is_there()
    {
        await using var server = await StartAsync("", Of("taken", [Starts("definitions/{id}/edit", "GET")]));
        using var taken = await server.GetAsync("/workflows/definitions/story/edit");
        taken.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        using var run = await server.GetAsync("/workflows/instances/r-1/view");
        (run.StatusCode, run.Headers.Location!.ToString()).ShouldBe((HttpStatusCode.Redirect, "/studio/workflows/instances/r-1/view"));
        using var logs = await server.GetAsync("/diagnostics/structured-logs?workflowInstanceId=r-1");
        logs.Headers.Location!.ToString().ShouldBe("/runs/r-1");
    }

    [Fact]
    public async Task Without_the_package_the_page_says_how_to_get_it()
    {
        await using var server = await ServerUnderTest.StartAsync([], new Dictionary<string, string?> { ["Studio:Path"] = Path.Combine(package.FullName, "nowhere") });
        using var answer = await server.GetAsync("/studio/workflows/definitions");
        var page = await answer.TextAsync();
        (answer.StatusCode, page.Contains("npm install --ignore-scripts @elsa-workflows/elsa-studio-wasm@3.8.2", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.OK, true));
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string path, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/studio/{path}", UriKind.Relative));
        change(request);
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private Task<ServerUnderTest> StartAsync(string pathBase = "", params System.Text.Json.Nodes.JsonObject[] stories) => ServerUnderTest.StartAsync(
        stories.Length == 0 ? [Of("story", [Writes("say", Literal("hello"))])] : stories,
        new Dictionary<string, string?> { ["Studio:Path"] = package.FullName, ["Server:PathBase"] = pathBase });

    private void Write(string path, string content)
    {
        var file = new FileInfo(Path.Combine(package.FullName, path));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, content);
    }
}
