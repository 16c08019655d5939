using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>What a caller gets from a webhook whose story was started.</summary>
public sealed class WebhookAnswerTests
{
    [Fact]
    public async Task A_caller_gets_the_answer_the_story_writes()
    {
        await using var server = await ServerUnderTest.StartAsync(Of(
            "greet",
            [
                Starts("greet", more: ("parsedContent", To("body"))),
                Answers(Variable("body"), ("statusCode", Literal("Created")), ("contentType", Literal("application/json")), ("responseHeaders", Object("""{"X-Story":"greet"}"""))),
            ],
            "body:Object"));

        using var answer = await server.PostAsync("/workflows/greet", """{"name":"Ada","nested":{"n":[1,2]}}""");

        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await answer.TextAsync()).ShouldBe("""{"name":"Ada","nested":{"n":[1,2]}}""");
        answer.Content.Headers.ContentType!.ToString().ShouldBe("application/json");
        answer.Headers.GetValues("X-Story").ShouldBe(["greet"]);
        answer.RunId().ShouldNotBeEmpty();
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"], "a story's page must not act as one of the server's own");
        answer.Headers.GetValues("Content-Security-Policy").ShouldBe(["sandbox"]);
        answer.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task Without_an_answer_of_the_story_a_caller_gets_202_and_where_to_look_before_the_run_ends()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("quiet", [Starts("quiet"), Gate()]));

        using var answer = await server.PostAsync("/workflows/quiet");

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var id = answer.RunId();
        answer.Headers.Location!.OriginalString.ShouldBe($"/elsa/api/workflow-instances/{id}");
        (await ServerUnderTest.JsonAsync(answer)).GetProperty("workflowInstanceId").GetString().ShouldBe(id);
        (await server.GetJsonAsync(answer.Headers.Location.OriginalString)).GetProperty("status").GetString().ShouldBe("Running", "the run is stored when the caller learns of it");
        server.Gate.Open();
        await server.RunAsync(id, "Finished");
    }

    [Fact]
    public async Task Route_parameters_query_and_path_case_reach_the_story()
    {
        await using var server = await ServerUnderTest.StartAsync(Of(
            "route",
            [
                Starts("Orders/{id}/Lines/{line}", "GET", ("routeData", To("route")), ("queryStringData", To("query"))),
                Activity("Elsa.SetVariable", "set", ("variable", new JsonObject { ["id"] = "both" }), ("value", Variable("route"))),
                Answers(Variable("both")),
            ],
            "route:Object",
            "query:Object",
            "both:Object"));

        using var answer = await server.GetAsync("/workflows/orders/a%2Fb%20c/LINES/7?x=1");

        (await answer.TextAsync()).ShouldBe("""{"id":"a/b c","line":"7"}""");
    }

    [Fact]
    public async Task A_story_that_fails_before_it_answers_gives_500_without_the_error()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("fails", [Starts("fails"), Fails("the database password is hunter2"), Answers(Literal("never"))]));

        using var answer = await server.PostAsync("/workflows/fails");

        var id = answer.RunId();
        (await answer.ShouldBeProblemAsync(HttpStatusCode.InternalServerError)).ShouldBe($"The story failed before it answered. See run {id}.");
        (await answer.TextAsync()).ShouldNotContain("hunter2");
        (await server.GetJsonAsync($"/elsa/api/workflow-instances/{id}")).GetProperty("subStatus").GetString().ShouldBe("Faulted");
    }

    [Fact]
    public async Task A_story_that_fails_after_it_answered_has_answered()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("late", [Starts("late"), Answers(Literal("done")), Gate(), Fails("too late to tell")]));

        using var answer = await server.PostAsync("/workflows/late");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.TextAsync()).ShouldBe("done");
        server.Gate.Open();
        await server.RunAsync(answer.RunId(), "Faulted");
    }

    [Fact]
    public async Task A_story_that_ends_without_reaching_its_answer_gives_202_at_once()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("ends", [Starts("ends"), Activity("Elsa.Finish", "end"), Answers(Literal("never"))]));

        using var answer = await server.PostAsync("/workflows/ends");

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData("00:00:05", 5)]
    [InlineData("100.00:00:00", 600)]
    public async Task A_caller_of_a_slow_story_gets_202_in_time_and_the_story_goes_on(string? requestTimeout, int seconds)
    {
        var time = new ManualTime();
        (string, JsonNode?)[] more = requestTimeout is null ? [] : [("requestTimeout", Literal(requestTimeout))];
        await using var server = await ServerUnderTest.StartAsync(
            [Of("slow", [Starts("slow", more: more), Gate(), Answers(Literal("slow"))])],
            settings: null,
            builder => builder.Services.AddSingleton<TimeProvider>(time));

        var call = server.PostAsync("/workflows/slow");
        await server.Gate.Reached;
        time.Advance(TimeSpan.FromSeconds(seconds - 1));
        await server.GetJsonAsync("/elsa/api/activity-executions/list?workflowInstanceId=none");
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));
        using var answer = await call;

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await server.GetJsonAsync($"/elsa/api/workflow-instances/{answer.RunId()}")).GetProperty("status").GetString().ShouldBe("Running");
        server.Gate.Open();
        await server.RunAsync(answer.RunId(), "Finished");
    }

    [Fact]
    public async Task A_run_that_was_slow_to_be_stored_takes_of_the_time_that_its_caller_waits()
    {
        var time = new ManualTime();
        await using var server = await ServerUnderTest.StartAsync(
            [Of("slow", [Starts("slow"), Gate(), Answers(Literal("slow"))])],
            settings: null,
            builder => builder.Services.AddSingleton<TimeProvider>(time).AddSingleton<IRunObserver>(new SlowStore(time)));

        using var answer = await server.PostAsync("/workflows/slow");

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        server.Gate.Open();
        await server.RunAsync(answer.RunId(), "Finished");
    }

    [Fact]
    public async Task A_negative_request_timeout_is_refused_when_the_story_is_published()
    {
        var publish = () => ServerUnderTest.StartAsync(Of("negative", [Starts("negative", more: ("requestTimeout", Literal("-00:00:01"))), Gate(), Answers(Literal("x"))]));

        (await Should.ThrowAsync<FederationWorkflows.Engine.Definitions.DefinitionException>(publish))
            .Problems.ShouldHaveSingleItem().Message.ShouldBe("The time a caller waits must be above zero, for example 00:00:30.");
    }

    [Fact]
    public async Task A_webhook_that_waits_when_the_server_stops_gets_202_with_its_run()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("stopped", [Starts("stopped"), Gate(), Answers(Literal("never"))]));

        var call = server.PostAsync("/workflows/stopped");
        await server.Gate.Reached;
        var stopping = server.StopAsync().AsTask();
        using var answer = await call;

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        answer.RunId().ShouldNotBeEmpty();
        await stopping.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    /// <summary>Every commit takes as long as a caller waits.</summary>
    private sealed class SlowStore(ManualTime time) : IRunObserver
    {
        public void OnCommitted(RunTransaction transaction) => time.Advance(TimeSpan.FromMinutes(1));
    }
}
