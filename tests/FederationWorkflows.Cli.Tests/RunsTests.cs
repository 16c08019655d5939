using System.Text;
using FederationWorkflows.Cli.Tests.Support;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow runs</c>, against a server on this machine.</summary>
public sealed class RunsTests : TestFolder
{
    private const string Say = """{"id":"say","type":"Elsa.WriteLine","version":1,"text":{"expression":{"type":"Literal","value":"hello"}}}""";

    private const string Hear = """{"id":"hear","type":"Elsa.Event","version":1,"eventName":{"expression":{"type":"Literal","value":"go"}}}""";

    private const string Fail = """{"id":"fail","type":"Elsa.Fault","version":1,"message":{"expression":{"type":"Literal","value":"No \u001b[31mevidence."}}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_are_listed_filtered_and_paged_for_people_and_as_JSON()
    {
        await using var server = await StartAsync(("done", Say), ("waits", Hear), ("fails", Fail));
        var done = await RunAsync(server, "done");
        var waits = await RunAsync(server, "waits");
        var fails = await RunAsync(server, "fails");

        var (code, output, error) = await FedflowAsync(server, "list");
        code.ShouldBe(0, error);
        foreach (var (run, text) in new[] { (done, "done v1"), (waits, "Suspended"), (fails, "Faulted") })
        {
            output.Split('\n').ShouldContain(line => line.Contains(run, StringComparison.Ordinal) && line.Contains(text, StringComparison.Ordinal));
        }

        Ids((await FedflowAsync(server, "list", "--status", "faulted", "--status", "Suspended", "--since", "1h", "--json")).Output).ShouldBe([fails, waits]);
        Ids((await FedflowAsync(server, "list", "--status", "Running", "--story", "waits", "--json")).Output).ShouldBe([waits]);
        var first = Fedflow.Json((await FedflowAsync(server, "list", "--limit", "2", "--json")).Output);
        var (_, second, _) = await FedflowAsync(server, "list", "--limit", "2", "--cursor", first.GetProperty("next").GetString()!, "--json");
        Ids(second).ShouldBe([done]);
        (await FedflowAsync(server, "list", "--limit", "2")).Output.ShouldContain("There are more: --cursor ");
        (await FedflowAsync(server, "list", "--search", "nothing of this name")).Output.ShouldBe("No runs.\n");
        (await FedflowAsync(server, "list", "--status", "Broken")).ShouldBe((1, "", "There is no status 'Broken'. Use one of: Running, Pending, Executing, Suspended, Finished, Cancelled, Faulted.\n"));
        (await FedflowAsync(server, "list", "--since", "soon")).Error.ShouldBe("--since takes 30m, 24h, 7d, or a time such as 2026-01-31T12:00Z, not 'soon'.\n");
    }

    [Fact]
    public async Task A_run_is_shown_with_its_steps_and_its_text_does_not_steer_the_terminal()
    {
        await using var server = await StartAsync(("fails", Fail));
        var run = await RunAsync(server, "fails");

        var (code, output, error) = await FedflowAsync(server, "show", run, "--journal");
        code.ShouldBe(0, error);
        output.ShouldContain("Story    fails version 1\n");
        output.ShouldContain("✗ fail               Elsa.Fault");
        output.ShouldContain("Faulted    fail No  [31mevidence.");
        output.ShouldContain($"Run {run}: Faulted after ");
        output.ShouldNotContain('\u001b');
        var json = Fedflow.Json((await FedflowAsync(server, "show", run, "--json")).Output);
        (json.GetProperty("run").GetProperty("subStatus").GetString(), json.GetProperty("steps").GetArrayLength()).ShouldBe(("Faulted", 3));
        (await FedflowAsync(server, "show", "nothing")).ShouldBe((1, "", "There is no run 'nothing'.\n"));
    }

    [Fact]
    public async Task Watching_ends_with_the_run_and_its_exit_code_says_how()
    {
        await using var server = await StartAsync(("waits", Hear + "," + Say), ("fails", Fail));
        var run = await RunAsync(server, "waits");
        await using var watch = Fedflow.Start(Folder, "runs", "watch", run, "--server", Address(server));
        await watch.LineAsync("… hear");

        await server.Services.GetRequiredService<Runtime.Events.EventPublisher>().PublishAsync("go", null, null, ServerHost.System, Cancellation);

        (await watch.ExitAsync()).ShouldBe(0, watch.Error);
        watch.Output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words is ["✓", ..]).Select(words => words[1]).ShouldBe(["hear", "say"]);
        watch.Output.ShouldContain($"Run {run}: Finished after ");
        (await FedflowAsync(server, "watch", await RunAsync(server, "fails"), "--json")).Code.ShouldBe(1);
    }

    [Fact]
    public async Task Runs_are_cancelled_and_retried_and_what_cannot_be_is_told()
    {
        await using var server = await StartAsync(("waits", Hear), ("fails", Fail));
        var waits = await RunAsync(server, "waits");
        var fails = await RunAsync(server, "fails");

        (await FedflowAsync(server, "cancel", waits)).ShouldBe((0, $"Run {waits}: cancelled\n", ""));
        (await FedflowAsync(server, "cancel", waits, "nothing")).ShouldBe((1, "", $"Run {waits} had ended before.\nThere is no run 'nothing'.\n"));
        (await FedflowAsync(server, "retry", fails)).ShouldBe((0, $"Run {fails}: goes on\n", ""));
        var (code, output, _) = await FedflowAsync(server, "retry", waits, "--json");
        code.ShouldBe(1);
        Fedflow.Json(output).GetProperty("runs")[0].GetProperty("problem").GetString().ShouldBe($"Run {waits} is Cancelled, and only a faulted run of a version that is still there can be retried.");
    }

    [Fact]
    public async Task When_no_server_answers_that_is_what_is_said()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "runs", "list", "--server", "http://127.0.0.1:1");
        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith("No server answers at http://127.0.0.1:1/: Connection refused");
        error.ShouldEndWith("Start one there, or name another with --server or FEDFLOW_SERVER.\n");
        (await Fedflow.RunAsync(Folder, "runs", "list", "--server", "nonsense")).Error.ShouldBe("'nonsense' is no address of a server. Write it as http://127.0.0.1:5080.\n");
        await using var configured = Fedflow.Start(Folder, new Dictionary<string, string> { ["FEDFLOW_SERVER"] = "http://127.0.0.1:2" }, "runs", "list", "--json");
        (await configured.ExitAsync()).ShouldBe(1);
        Fedflow.Json(configured.Output).GetProperty("error").GetString().ShouldStartWith("No server answers at http://127.0.0.1:2/");
    }

    private static async Task<WebApplication> StartAsync(params (string Id, string Activities)[] stories)
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
        foreach (var (id, activities) in stories)
        {
            var story = $$$"""{"id":"{{{id}}}:1","definitionId":"{{{id}}}","name":"{{{id}}}","version":1,"root":{"id":"all","type":"Elsa.Sequence","version":1,"activities":[{{{activities}}}]}}""";
            await app.Services.GetRequiredService<DefinitionCatalog>().PublishAsync(Encoding.UTF8.GetBytes(story), ServerHost.System, Cancellation);
        }

        await app.StartAsync(Cancellation);
        return app;
    }

    private static string Address(WebApplication server) => server.Urls.Single();

    /// <summary>Starts a run and waits until it waits or has ended.</summary>
    private static async Task<string> RunAsync(WebApplication server, string story)
    {
        var handle = await server.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest(story), ServerHost.System, Cancellation);
        await handle.Rest.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        return handle.RunId;
    }

    private static string[] Ids(string json) => [.. Fedflow.Json(json).GetProperty("items").EnumerateArray().Select(run => run.GetProperty("id").GetString()!)];

    private async Task<(int Code, string Output, string Error)> FedflowAsync(WebApplication server, params string[] arguments) =>
        await Fedflow.RunAsync(Folder, ["runs", .. arguments, "--server", Address(server)]);
}
