using System.Net;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>A server that is started again over the same data directory.</summary>
public sealed class DurableServerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("server-data-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Runs_wait_on_and_their_secrets_are_still_theirs()
    {
        var story = Of(
            "approval",
            [
                Starts("start"),
                Activity("Elsa.SetVariable", "keep", ("variable", new System.Text.Json.Nodes.JsonObject { ["id"] = "secret" }), ("value", Cel("trigger.headers['x-api-key']"))),
                Waits("approve", "approvals/{by}"),
                Answers(Cel("'approved, the secret has ' + string(size(variables.secret)) + ' characters'")),
            ],
            "secret:Secret");
        string runId;
        await using (var server = await StartAsync(story))
        {
            server.Client.DefaultRequestHeaders.Add("X-Api-Key", "canary-71c0");
            using var started = await server.PostAsync("/workflows/start");
            started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.TextAsync());
            runId = started.RunId();
            await server.RunAsync(runId, "Suspended");
        }

        await using var again = await StartAsync();
        using var resumed = await again.PostAsync("/workflows/approvals/ada");

        resumed.StatusCode.ShouldBe(HttpStatusCode.OK, await resumed.TextAsync());
        resumed.RunId().ShouldBe(runId);
        (await resumed.TextAsync()).ShouldBe("***", "what a secret's length tells is a secret, too");
        await again.RunAsync(runId, "Finished");
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            System.Text.Encoding.Latin1.GetString(bytes).ShouldNotContain("canary-71c0", Case.Sensitive, file);
        }
    }

    [Fact]
    public async Task Published_stories_are_still_published()
    {
        await using (await StartAsync(Of("orders", [Starts("orders")])))
        {
        }

        await using var again = await StartAsync();
        using var answer = await again.PostAsync("/workflows/orders");

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.TextAsync());
    }

    [Fact]
    public async Task A_request_that_was_stored_and_not_begun_is_carried_out_by_the_next_server_as_it_came()
    {
        var blocker = Of("blocker", [Starts("block"), Gate()]);
        var orders = Of("orders", [Starts("orders/{number}"), Activity("Elsa.SetOutput", "tell", ("outputName", Literal("order")), ("outputValue", Cel("trigger.route.number + ' for ' + trigger.body.by")))]);
        string runId;
        await using (var server = await StartWithAsync(new() { ["Concurrency:MaxRunning"] = "1" }, blocker, orders))
        {
            (await server.PostAsync("/workflows/block")).Dispose();
            await server.Gate.Reached.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            using var accepted = await server.PostAsync("/workflows/orders/4711", """{"by":"ada"}""");
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.TextAsync());
            runId = accepted.RunId();
            await server.RunAsync(runId, "Pending");
            await server.StopAsync();
        }

        await using var next = await StartAsync();

        await next.RunAsync(runId, "Finished");
        (await next.GetJsonAsync($"/elsa/api/activity-executions/list?workflowInstanceId={runId}")).ToString().ShouldContain("4711 for ada");
    }

    private static System.Text.Json.Nodes.JsonObject Cel(string text) =>
        new() { ["typeName"] = null, ["expression"] = new System.Text.Json.Nodes.JsonObject { ["type"] = "CEL", ["value"] = text } };

    private Task<ServerUnderTest> StartAsync(params System.Text.Json.Nodes.JsonObject[] stories) => StartWithAsync([], stories);

    private Task<ServerUnderTest> StartWithAsync(Dictionary<string, string?> settings, params System.Text.Json.Nodes.JsonObject[] stories) => ServerUnderTest.StartAsync(stories, new Dictionary<string, string?>(settings)
    {
        ["Storage:Mode"] = "Sqlite",
        ["Storage:DataDirectory"] = Path.Combine(folder, "data"),
        ["Storage:Key:File"] = Key(),
    });

    private string Key()
    {
        var file = Path.Combine(folder, "key", "wrapping.key");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, Convert.ToBase64String(new byte[32]));
        }

        return file;
    }
}
