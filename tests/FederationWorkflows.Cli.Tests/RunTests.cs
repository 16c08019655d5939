using System.Net;
using System.Net.Sockets;
using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow run</c>.</summary>
public sealed class RunTests : TestFolder
{
    private const string Receive = """{"id":"receive","type":"Elsa.HttpEndpoint","customProperties":{"canStartWorkflow":true},"path":{"expression":{"type":"Literal","value":"in"}},"supportedMethods":{"expression":{"type":"Object","value":"[\"POST\"]"}},"parsedContent":{"memoryReference":{"id":"body"}}}""";

    private const string Body = """ "variables":[{"id":"body","name":"body","typeName":"Object"}], """;

    private const string Names = """ "inputs":[{"name":"who","type":"String"}],"outputs":[{"name":"greeted","type":"String"}], """;

    private const string Greet = """{"id":"say","type":"Elsa.WriteLine","text":{"expression":{"type":"Input","value":"who"}}},{"id":"out","type":"Elsa.SetOutput","outputName":{"expression":{"type":"Literal","value":"greeted"}},"outputValue":{"expression":{"type":"Input","value":"who"}}}""";

    [Fact]
    public async Task Inputs_reach_the_story_and_its_output_is_shown()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "run", Story(Greet, Names), "--input", "who=Ada=Lovelace");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        output.ShouldContain("Ada=Lovelace\n");
        output.ShouldContain("greeted = \"Ada=Lovelace\"");
        output.ShouldContain(": Finished");
    }

    [Fact]
    public async Task Json_is_one_document_and_what_the_story_writes_stands_beside_it()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "run", Story(Greet, Names), "--input", "who=Ada", "--json");

        code.ShouldBe(0, error);
        error.ShouldBe("Ada\n");
        var result = Fedflow.Json(output);
        result.GetProperty("status").GetString().ShouldBe("Finished");
        result.GetProperty("output").GetProperty("greeted").GetString().ShouldBe("Ada");
        result.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("activity").GetString()).ShouldBe(["say", "out"]);
    }

    [Fact]
    public async Task A_story_that_a_webhook_starts_gets_the_inputs_as_its_body_and_each_step_is_shown_once()
    {
        var file = Story(
            Receive + """,{"id":"if","type":"Elsa.If","condition":{"expression":{"type":"Literal","value":true}},"then":{"id":"say","type":"Elsa.WriteLine","text":{"expression":{"type":"Variable","value":"body"}}}},{"id":"last","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"end"}}}""",
            Body);

        var (code, output, error) = await Fedflow.RunAsync(Folder, "run", file, "--input", "severity=high", "--input", "id=7");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        output.ShouldContain("""{"severity":"high","id":"7"}""");
        output.Split('\n').Where(line => line.StartsWith('✓')).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]).ShouldBe(["receive", "say", "if", "last"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_story_that_a_schedule_starts_is_due_at_once()
    {
        var (code, output, error) = await Fedflow.RunAsync(
            Folder,
            "run",
            Story(
                """{"id":"daily","type":"Elsa.Cron","customProperties":{"canStartWorkflow":true},"cronExpression":{"expression":{"type":"Literal","value":"0 6 * * *"}}},{"id":"say","type":"Elsa.WriteLine","text":{"expression":{"type":"Template","value":"due ${timestamp(trigger.dueAt) <= now()}"}}}""",
                ""));

        error.ShouldBeEmpty();
        code.ShouldBe(0, output);
        output.ShouldContain("due true");
    }

    [Fact]
    public async Task Ctrl_C_cancels_a_story_that_waits_for_an_answer()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var run = Fedflow.Start(Folder, Outbound, "run", Story(Send(silent)));
        using var connection = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        await run.InterruptAsync();

        (await run.ExitAsync()).ShouldBe(130);
        run.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_waits_for_something_outside_says_for_what()
    {
        var file = Story("""{"id":"approve","type":"Elsa.HttpEndpoint","path":{"expression":{"type":"Literal","value":"approvals/{id}"}},"supportedMethods":{"expression":{"type":"Object","value":"[\"PUT\"]"}}}""");

        var (code, output, error) = await Fedflow.RunAsync(Folder, "run", file);

        error.ShouldBeEmpty();
        code.ShouldBe(1);
        output.ShouldContain(": Suspended\nIt waits at approve (Elsa.HttpEndpoint) for a PUT request to /approvals/{id}.\n");
        output.ShouldContain("Publish the story on a server to have it go on.");
    }

    [Fact]
    public async Task A_failed_run_exits_1_and_names_the_activity()
    {
        var (code, output, _) = await Fedflow.RunAsync(Folder, "run", Story("""{"id":"stop","type":"Elsa.Fault","message":{"expression":{"type":"Literal","value":"No evidence."}}}"""), "--json");

        code.ShouldBe(1);
        var result = Fedflow.Json(output);
        result.GetProperty("status").GetString().ShouldBe("Faulted");
        result.GetProperty("incidents")[0].GetProperty("activity").GetString().ShouldBe("stop");
        result.GetProperty("incidents")[0].GetProperty("message").GetString().ShouldBe("No evidence.");
    }

    [Theory]
    [InlineData("nope.json: $: The file cannot be read: Could not find file", "run", "nope.json")]
    [InlineData("--input takes name=value, not 'who'.", "run", "nope.json", "--input", "who")]
    [InlineData("bad.json: (1,10) $: This is not valid JSON", "run", "bad.json")]
    public async Task What_cannot_run_is_one_line_and_with_json_one_object(string expected, params string[] arguments)
    {
        Write("bad.json", "{\"a\": 1, }");

        var (code, output, error) = await Fedflow.RunAsync(Folder, [.. arguments, "--json"]);

        code.ShouldBe(1);
        error.ShouldStartWith(expected);
        error.Trim().ShouldNotContain('\n');
        Fedflow.Json(output).GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_broken_configuration_file_is_one_line_not_a_stack_trace()
    {
        Write("appsettings.json", "{ nonsense");

        var (code, output, error) = await Fedflow.RunAsync(Folder, "run", Story(Greet, Names));

        code.ShouldBe(1);
        output.ShouldBeEmpty();
        error.ShouldContain("appsettings.json");
        error.Trim().ShouldNotContain('\n');
    }

    private static Dictionary<string, string> Outbound => new() { ["Http__Outbound__AllowLoopback"] = "true" };

    private static string Send(TcpListener listener) =>
        $$$$"""{"id":"send","type":"Elsa.SendHttpRequest","url":{"expression":{"type":"Literal","value":"http://127.0.0.1:{{{{((IPEndPoint)listener.LocalEndpoint).Port}}}}/"}}}""";
}
