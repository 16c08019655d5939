using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>Runs that wait at an endpoint in the middle of their story.</summary>
public sealed class WaitingRunTests
{
    [Fact]
    public async Task Calling_the_path_resumes_the_run_and_gets_its_answer_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Approval("approvals/{by}", ("parsedContent", To("body")), ("routeData", To("route"))));
        using var nobody = await server.PostAsync("/workflows/approvals/ada");
        (await nobody.ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No story listens on this path.");

        using var started = await server.PostAsync("/workflows/start");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await server.RunAsync(started.RunId(), "Suspended")).GetProperty("status").GetString().ShouldBe("Running");

        using var wrongMethod = await server.GetAsync("/workflows/approvals/ada");
        (await wrongMethod.ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed)).ShouldBe("This path takes POST.");
        using var malformed = await server.PostAsync("/workflows/approvals/ada", "{");
        await malformed.ShouldBeProblemAsync(HttpStatusCode.BadRequest);

        using var resumed = await server.PostAsync("/workflows/approvals/ada", """{"ok":true}""");
        resumed.StatusCode.ShouldBe(HttpStatusCode.OK, await resumed.TextAsync());
        resumed.RunId().ShouldBe(started.RunId());
        (await resumed.TextAsync()).ShouldBe("""{"by":"ada"}""");

        using var again = await server.PostAsync("/workflows/approvals/ada");
        (await again.ShouldBeProblemAsync(HttpStatusCode.NotFound)).ShouldBe("No story listens on this path.");
    }

    [Fact]
    public async Task When_two_runs_wait_on_a_path_none_is_resumed()
    {
        await using var server = await ServerUnderTest.StartAsync(Approval("approvals"));
        using var first = await server.PostAsync("/workflows/start");
        using var second = await server.PostAsync("/workflows/start");
        await server.RunAsync(first.RunId(), "Suspended");
        await server.RunAsync(second.RunId(), "Suspended");

        using var answer = await server.PostAsync("/workflows/approvals");

        (await answer.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldBe("2 runs wait on this path, and none of them was resumed. Put something of the run, such as its id, into the path.");
        await server.RunAsync(first.RunId(), "Suspended");
    }

    [Fact]
    public async Task A_path_with_rules_works_for_one_run_after_another()
    {
        await using var server = await ServerUnderTest.StartAsync(Approval("approvals", ("allowedFileExtensions", Object("""[".pdf"]""")), ("requestSizeLimit", Literal(100))));
        for (var turn = 0; turn < 3; turn++)
        {
            using var started = await server.PostAsync("/workflows/start");
            await server.RunAsync(started.RunId(), "Suspended");
            using var large = await server.PostAsync("/workflows/approvals", $"\"{new string('x', 200)}\"");
            await large.ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge);
            using var resumed = await server.PostAsync("/workflows/approvals");
            resumed.StatusCode.ShouldBe(HttpStatusCode.OK, await resumed.TextAsync());
            resumed.RunId().ShouldBe(started.RunId());
        }
    }

    [Fact]
    public async Task A_story_that_starts_on_a_path_comes_before_a_run_that_waits_there_and_both_methods_are_named()
    {
        await using var server = await ServerUnderTest.StartAsync(Approval("shared"), Of("starter", [Starts("shared", "PUT")]));
        using var started = await server.PostAsync("/workflows/start");
        await server.RunAsync(started.RunId(), "Suspended");

        using var wrongMethod = await server.GetAsync("/workflows/shared");

        (await wrongMethod.ShouldBeProblemAsync(HttpStatusCode.MethodNotAllowed)).ShouldBe("This path takes POST, PUT.");
    }

    private static JsonObject Approval(string path, params (string Name, JsonNode? Value)[] more) =>
        Of("approval", [Starts("start"), Waits("wait", path, "POST", more), Answers(Variable("route"))], "body:Object", "route:Object");
}
