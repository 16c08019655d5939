using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>The server as a process of its own: its configuration, its log, its end.</summary>
public sealed class ServerProcessTests : IDisposable
{
    private const string Canary = "c4n4ry";

    private readonly string folder = Directory.CreateTempSubdirectory("server-test-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task It_takes_stories_of_the_working_directory_logs_JSON_without_secrets_and_ends_cleanly()
    {
        Write("stories/secrets.json", Secrets().ToJsonString());
        Write("stories/broken.json", "{");
        Write("appsettings.json", """{"Server":{"Stories":"elsewhere","ResponseTimeout":"00:00:05"}}""");
        using var server = Start(new() { ["Server__Stories"] = "stories", ["Storage__Mode"] = "Memory", ["SignIn__TrustLocalCallers"] = "true" }, "--urls", "http://127.0.0.1:0");
        var log = new List<string>();
        var address = await ListeningAsync(server, log);

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = address };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/workflows/secrets?token={Canary}-1&plain={Canary}-2")
        {
            Content = new StringContent($$"""{"password":"{{Canary}}-3"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Canary}-4");
        request.Headers.TryAddWithoutValidation("Cookie", $"session={Canary}-5");
        request.Headers.TryAddWithoutValidation("X-Api-Key", $"{Canary}-6");
        using var answer = await client.SendAsync(request, Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        (await answer.TextAsync()).ShouldBe("***");
        using var forged = await client.GetAsync(new Uri("/workflows/a%0D%0Aforged%1B[31m", UriKind.Relative), Cancellation);

        var id = answer.RunId();
        using var everything = new StringContent("{}", Encoding.UTF8, "application/json");
        using var journal = await client.PostAsync(new Uri($"/elsa/api/workflow-instances/{id}/journal", UriKind.Relative), everything, Cancellation);
        var shown = await client.GetStringAsync(new Uri($"/elsa/api/activity-executions/list?WorkflowInstanceId={id}", UriKind.Relative), Cancellation) + await journal.TextAsync();
        foreach (var secret in new[] { 1, 4, 5, 6 })
        {
            shown.ShouldNotContain($"{Canary}-{secret}");
        }

        var clock = Stopwatch.StartNew();
        await SignalAsync(server, "TERM");
        log.AddRange((await server.StandardOutput.ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await server.WaitForExitAsync(Cancellation);

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15), "nothing kept it until it gives up waiting");
        server.ExitCode.ShouldBe(0);
        (await server.StandardError.ReadToEndAsync(Cancellation)).ShouldBeEmpty();
        log.ShouldAllBe(line => JsonDocument.Parse(line, default).RootElement.ValueKind == JsonValueKind.Object);
        var text = string.Join('\n', log);
        text.ShouldNotContain(Canary);
        text.ShouldContain("Memory mode");
        var entries = log.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Properties")).ToArray();
        Values(entries, "Text").First().ShouldBe("***", "the story writes a variable that is declared a secret");
        entries.Where(entry => entry.TryGetProperty("Text", out _)).ShouldAllBe(
            entry => entry.GetProperty("RunId").GetString() == id && entry.GetProperty("DefinitionId").GetString() == "secrets", "a line of a run says of which");
        Values(entries, "File").ShouldContain(file => file.EndsWith("broken.json", StringComparison.Ordinal));
        Values(entries, "Path").ShouldContain("/workflows/secrets");
        Values(entries, "Path").ShouldContain("/workflows/a%0D%0Aforged%1B%5B31m");
    }

    [Theory]
    [InlineData("Server:ResponseTimeout must be from 00:00:01 to 00:10:00.", "--Server:ResponseTimeout=00:00:00")]
    [InlineData("Server:ResponseTimeout", "--Server:ResponseTimeout=soon")]
    [InlineData("Server:WebhookBasePath must begin with / and not end with it.", "--Server:WebhookBasePath=hooks")]
    [InlineData("Http:Inbound:MaxBodyBytes", "--Http:Inbound:MaxBodyBytes=-1")]
    [InlineData("Concurrency:MaxRunning must be from 1 to 100000.", "--Concurrency:MaxRunning=0")]
    [InlineData("Concurrency:RetryAfter must be from 00:00:01 to 01:00:00.", "--Concurrency:RetryAfter=00:00:00")]
    [InlineData("Schedules:Grace must be from 00:00:01 to 1.00:00:00.", "--Schedules:Grace=2.00:00:00")]
    [InlineData("Schedules:MaxMadeUp must be from 1 to 10000.", "--Schedules:MaxMadeUp=0")]
    [InlineData("Expressions:CostLimit must be from 1 to 1000000000.", "--Expressions:CostLimit=0")]
    [InlineData("Http:Outbound:AllowedNetworks: 'everything' is no network.", "--Http:Outbound:AllowedNetworks:0=everything")]
    public async Task A_wrong_configuration_is_one_clear_line(string expected, string argument)
    {
        using var server = Start([], "--urls", "http://127.0.0.1:0", "--Server:Stories=", argument);
        var output = server.StandardOutput.ReadToEndAsync(Cancellation);
        var error = await server.StandardError.ReadToEndAsync(Cancellation);
        await server.WaitForExitAsync(Cancellation);

        server.ExitCode.ShouldBe(1, await output);
        error.ShouldStartWith("The server cannot run: ");
        error.ShouldContain(expected);
        error.Trim().ShouldNotContain('\n');
        (await output).ShouldNotContain("   at ", Case.Sensitive, "no stack trace");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_clear_line()
    {
        await using var other = await ServerUnderTest.StartAsync();
        using var server = Start([], "--urls", other.Address.ToString().TrimEnd('/'), "--Server:Stories=");
        var output = server.StandardOutput.ReadToEndAsync(Cancellation);
        var error = await server.StandardError.ReadToEndAsync(Cancellation);
        await server.WaitForExitAsync(Cancellation);

        server.ExitCode.ShouldBe(1);
        error.ShouldContain("address already in use");
        error.Trim().ShouldNotContain('\n');
        (await output).ShouldNotContain("   at ");
    }

    private static IEnumerable<string> Values(IEnumerable<JsonElement> entries, string property) =>
        entries.Where(entry => entry.TryGetProperty(property, out _)).Select(entry => entry.GetProperty(property).GetString()!);

    private static JsonObject Secrets() => Of(
        "secrets",
        [
            Starts("secrets", more: [("parsedContent", To("body")), ("headers", To("headers")), ("queryStringData", To("query"))]),
            Activity("Elsa.SetVariable", "keep", ("variable", new JsonObject { ["id"] = "secret" }), ("value", Variable("body"))),
            Writes("say", Variable("secret")),
            Writes("sayHeaders", Variable("headers")),
            Answers(Variable("secret")),
        ],
        "body:Secret",
        "secret:Secret",
        "headers:Object",
        "query:Object");

    private static async Task<Uri> ListeningAsync(Process server, List<string> log)
    {
        while (await server.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            log.Add(line);
            if (JsonDocument.Parse(line).RootElement is var json && json.GetProperty("RenderedMessage").GetString()!.StartsWith("Now listening on: ", StringComparison.Ordinal))
            {
                return new Uri(json.GetProperty("Properties").GetProperty("address").GetString()!);
            }
        }

        throw new InvalidOperationException(await server.StandardError.ReadToEndAsync(Cancellation));
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
    }

    private Process Start(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "FederationWorkflows.Server.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the server makes of its own accord stays in the test's folder.
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(folder, "config");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private void Write(string path, string content)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
