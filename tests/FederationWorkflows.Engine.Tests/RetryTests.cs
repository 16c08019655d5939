using System.Net;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class RetryTests
{
    [Theory, BothWays]
    public async Task A_failed_activity_is_tried_again_as_the_same_execution_until_it_succeeds(bool reload)
    {
        var harness = new Harness(reload);
        var attempts = new List<(string Key, int Attempt)>();
        harness.World.Scripts["d"] = context =>
        {
            attempts.Add((context.IdempotencyKey, context.Attempt));
            return attempts.Count < 3 ? throw new InvalidOperationException($"attempt {attempts.Count}") : ValueTask.CompletedTask;
        };
        var start = harness.Time.GetUtcNow();
        await harness.StartAsync(Of(Sequence("s", Do("d").Retrying("{\"delay\":\"00:00:10\",\"useJitter\":false}"), Line("z"))));
        harness.ShouldWait();
        await harness.FireAsync(start.AddSeconds(10));
        harness.ShouldWait();
        await harness.FireAsync(start.AddSeconds(30));
        harness.ShouldFinish().ShouldWrite("z");
        attempts.ShouldBe([("run-3", 1), ("run-3", 2), ("run-3", 3)]);
        harness.Run.Incidents.ShouldBeEmpty();
        harness.Run.Timers.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task The_journal_tells_every_attempt_and_when_the_next_one_comes(bool reload)
    {
        var harness = new Harness(reload);
        var calls = 0;
        harness.World.Scripts["d"] = _ => ++calls == 1 ? throw new IOException("line is cut") : ValueTask.CompletedTask;
        await harness.StartAsync(Of(Do("d").Retrying("{\"delay\":\"00:00:10\",\"useJitter\":false}")));
        var due = harness.Time.GetUtcNow().AddSeconds(10);
        await harness.FireAsync(due);
        harness.ShouldFinish();

        var entries = harness.Journal.Where(entry => entry.Node.Id == "d").ToList();
        entries.Select(entry => entry.Event).ShouldBe([JournalEvent.Started, JournalEvent.Retrying, JournalEvent.Started, JournalEvent.Completed]);
        entries[1].Message.ShouldBe("line is cut");
        entries[1].Details!.Data.ShouldBe(new Dictionary<string, object?> { ["RetryCount"] = 1, ["NextAttemptAt"] = due });
        entries[3].Details!.Data.ShouldBe(new Dictionary<string, object?> { ["RetryCount"] = 1 });
    }

    [Theory, BothWays]
    public async Task After_the_last_attempt_the_error_is_an_incident(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no");
        await harness.StartAsync(Of(Sequence("s", Do("d").Retrying("{\"maxRetryAttempts\":2,\"delay\":\"00:00:10\",\"backoffType\":\"Constant\",\"useJitter\":false}"), Line("z"))));
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(10));
        await harness.ShouldWait().FireAsync(harness.Time.GetUtcNow().AddSeconds(10));
        harness.ShouldFault("d").Message.ShouldBe("no");
        harness.ShouldWrite("");
    }

    [Theory, BothWays]
    public async Task With_ContinueWithIncidents_the_others_go_on_while_one_is_tried_again(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no");
        await harness.StartAsync(Of(Parallel("p", Do("d").Retrying("{\"maxRetryAttempts\":1,\"useJitter\":false}"), Line("a"))).ContinuingWithIncidents());
        harness.ShouldWait().ShouldWrite("a");
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(1));
        harness.ShouldFault("d");
    }

    [Theory]
    [InlineData("Constant", 10, 10, 10, 10)]
    [InlineData("Linear", 10, 20, 30, 35)]
    [InlineData("Exponential", 10, 20, 35, 35)]
    public async Task The_wait_grows_as_the_story_says_up_to_its_bound(string backoff, params int[] waits)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no");
        await harness.StartAsync(Of(Do("d").Retrying($$"""{"maxRetryAttempts":4,"delay":"00:00:10","maxDelay":"00:00:35","backoffType":"{{backoff}}","useJitter":false}""")));
        foreach (var wait in waits)
        {
            await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(wait));
        }

        harness.ShouldFault("d");
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.5, 7.5)]
    public async Task Jitter_shortens_the_wait_by_up_to_a_half(double random, double seconds)
    {
        var harness = new Harness { Random = random };
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no");
        await harness.StartAsync(Of(Do("d").Retrying("{\"delay\":\"00:00:10\"}")));
        harness.Run.Timers.Single().DueAt.ShouldBe(harness.Time.GetUtcNow().AddSeconds(seconds));
    }

    [Theory]
    [InlineData(90, 90)]
    [InlineData(2, 10)]
    [InlineData(10_000_000, 86_400)]
    public async Task Who_asks_to_be_left_alone_is_left_alone(int asked, int seconds)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no", new Busy(429, TimeSpan.FromSeconds(asked)));
        await harness.StartAsync(Of(Do("d").Retrying("{\"delay\":\"00:00:10\",\"maxDelay\":\"00:00:20\",\"useJitter\":false}")));
        harness.Run.Timers.Single().DueAt.ShouldBe(harness.Time.GetUtcNow().AddSeconds(seconds));
    }

    [Theory]
    [InlineData("IOException", true)]
    [InlineData("System.IO.IOException", true)]
    [InlineData("ioexception", true)]
    [InlineData("EndOfStreamException", true)]
    [InlineData("HttpRequestException", true)]
    [InlineData("503", true)]
    [InlineData("5xx", true)]
    [InlineData("5XX", true)]
    [InlineData("429", false)]
    [InlineData("4xx", false)]
    [InlineData("Throttling", false)]
    [InlineData("TimeoutException", false)]
    public async Task Only_errors_that_the_story_names_are_tried_again(string word, bool retried)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new EndOfStreamException("cut", new HttpRequestException("bad", null, HttpStatusCode.ServiceUnavailable));
        await harness.StartAsync(Of(Do("d").Retrying($$"""{"on":["{{word}}"]}""")));
        harness.Run.SubStatus.ShouldBe(retried ? WorkflowSubStatus.Suspended : WorkflowSubStatus.Faulted);
    }

    [Theory]
    [InlineData("Throttling", true)]
    [InlineData("429", true)]
    [InlineData("SlowDown", false)]
    public async Task A_service_says_what_kind_of_error_it_is(string word, bool retried)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new Busy(429, null);
        await harness.StartAsync(Of(Do("d").Retrying($$"""{"on":["{{word}}"]}""")));
        harness.Run.SubStatus.ShouldBe(retried ? WorkflowSubStatus.Suspended : WorkflowSubStatus.Faulted);
    }

    [Theory]
    [InlineData(true, "{\"on\":[\"transient\"]}", true)]
    [InlineData(false, "{\"on\":[\"Transient\"]}", false)]
    [InlineData(true, null, true)]
    [InlineData(false, null, false)]
    public async Task What_calls_itself_passing_is_tried_again_whatever_else_it_says(bool transient, string? retry, bool retried)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = _ => throw new Unanswered(transient);
        var activity = retry is null ? Do("d").WithCustom("resilienceStrategy", new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "transient" }) : Do("d").Retrying(retry);
        await harness.StartAsync(Of(activity));
        harness.Run.SubStatus.ShouldBe(retried ? WorkflowSubStatus.Suspended : WorkflowSubStatus.Faulted);
    }

    [Theory]
    [InlineData("Business", true)]
    [InlineData("HTTP", true)]
    [InlineData("E42", true)]
    [InlineData("System", false)]
    public async Task A_fault_of_the_story_is_known_by_its_code_category_and_type(string word, bool retried)
    {
        var harness = new Harness();
        var fault = Activity("Elsa.Fault", "f", ("code", Literal("E42")), ("category", Literal("HTTP")), ("faultType", Literal("Business")), ("message", Literal("m")));
        await harness.StartAsync(Of(fault.Retrying($$"""{"on":["{{word}}"]}""")));
        harness.Run.SubStatus.ShouldBe(retried ? WorkflowSubStatus.Suspended : WorkflowSubStatus.Faulted);
    }

    [Fact]
    public async Task An_expression_that_fails_is_not_tried_again_unless_the_story_says_so()
    {
        var line = Activity("Elsa.WriteLine", "w", ("text", Expression(TestExpressions.Type, "fail")));
        (await new Harness().StartAsync(Of(((JsonObject)line.DeepClone()).Retrying("{}")))).ShouldFault("w");
        (await new Harness().StartAsync(Of(line.Retrying("{\"on\":[\"ExpressionException\"]}")))).ShouldWait();
    }

    [Theory, BothWays]
    public async Task Each_attempt_has_the_whole_time_limit(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.CreateBookmark("never");
            return ValueTask.CompletedTask;
        };
        await harness.StartAsync(Of(Do("d").WithCustom("timeout", "00:01:00").Retrying("{\"maxRetryAttempts\":1,\"useJitter\":false}")));
        await harness.FireAsync(harness.Time.GetUtcNow().AddMinutes(1));
        harness.ShouldWait();
        harness.Bookmarks.ShouldBeEmpty("the attempt that was given up waits for nothing");
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(1));
        harness.ShouldWait();
        harness.Bookmarks.Count.ShouldBe(1);
        await harness.FireAsync(harness.Time.GetUtcNow().AddMinutes(1));
        harness.ShouldFault("d").Message.ShouldStartWith("The activity did not complete within 00:01:00.");
    }

    [Fact]
    public async Task An_attempt_that_does_not_heed_its_time_limit_returns_before_the_next_begins_and_changes_nothing()
    {
        var harness = new Harness();
        var gates = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        var calls = 0;
        harness.World.Scripts["d"] = async context =>
        {
            var call = calls++;
            await gates[call].Task;
            context.SetResult($"from {call + 1}");
        };
        harness.Create(Of(
            Sequence("s", Do("d").WithCustom("timeout", "00:01:00").With("result", Captured("v")).Retrying("{\"useJitter\":false}"), LineOf("z", "v")),
            ("variables", Variables(("v", "String", null)))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        harness.Step().ShouldBe(RunStep.Wait);
        calls.ShouldBe(1);
        gates[0].SetResult();
        await harness.Run.WaitAsync(TestContext.Current.CancellationToken);
        harness.Step().ShouldBe(RunStep.Wait);
        calls.ShouldBe(2);
        gates[1].SetResult();
        (await harness.DriveAsync()).ShouldFinish().ShouldWrite("from 2");
    }

    [Fact]
    public async Task A_crash_while_the_old_attempt_holds_up_the_new_one_begins_the_new_one()
    {
        var harness = new Harness();
        var gate = new TaskCompletionSource();
        var calls = 0;
        harness.World.Scripts["d"] = async _ =>
        {
            if (calls++ == 0)
            {
                await gate.Task;
            }
        };
        harness.Create(Of(Do("d").WithCustom("timeout", "00:01:00").Retrying("{\"useJitter\":false}")));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        harness.Step();
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        harness.Run.ResumeTimer(harness.Run.Timers.Single().Id).ShouldBeTrue();
        harness.Step();
        harness.Commit();
        harness.Reload();
        (await harness.DriveAsync()).ShouldFinish();
        calls.ShouldBe(2);
        gate.SetResult();
    }

    [Fact]
    public async Task A_crash_while_an_attempt_is_awaited_changes_nothing()
    {
        var harness = new Harness();
        var calls = 0;
        harness.World.Scripts["d"] = _ => ++calls < 3 ? throw new InvalidOperationException("no") : ValueTask.CompletedTask;
        await harness.StartAsync(Of(Do("d").Retrying("{\"useJitter\":false}")));
        harness.Reload();
        await harness.DriveAsync();
        harness.ShouldWait();
        calls.ShouldBe(1, "nothing executes before its time");
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(1));
        harness.Reload();
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(2));
        harness.ShouldFinish();
    }

    [Theory, BothWays]
    public async Task Inputs_are_evaluated_anew_for_each_attempt(bool reload)
    {
        var harness = new Harness(reload);
        var story = Of(
            Parallel("p", Fail("f", Variable("v")).Retrying("{\"maxRetryAttempts\":1,\"useJitter\":false}"), Sequence("s", Wait("w"), SetVariable("x", "v", Literal("new")), Wait("w2"))),
            ("variables", Variables(("v", "String", "old")))).ContinuingWithIncidents();
        await harness.StartAsync(story);
        await harness.ResumeAsync("w");
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(1));
        harness.Run.Incidents.ShouldHaveSingleItem().Message.ShouldBe("refused 'new'");
    }

    [Theory, BothWays]
    public async Task Cancelling_the_run_ends_the_waiting(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = _ => throw new InvalidOperationException("no");
        await harness.StartAsync(Of(Do("d").Retrying("{}")));
        harness.Run.Cancel().ShouldBeTrue();
        (await harness.DriveAsync()).ShouldFinish(WorkflowSubStatus.Cancelled);
        harness.Run.Timers.ShouldBeEmpty();
    }

    [Theory, BothWays]
    public async Task A_run_that_takes_too_long_ends_with_an_incident(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w")), ("customProperties", new JsonObject { ["timeout"] = "1.00:00:00" })));
        await harness.ShouldWait().FireAsync(harness.Time.GetUtcNow().AddDays(1));
        harness.ShouldFault("Workflow1").Message.ShouldBe("The run did not complete within 1.00:00:00. Raise customProperties.timeout, or find out what it waits for.");
        harness.Bookmarks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{\"maxRetryAttempts\":0}", "$.root.customProperties.retry.maxRetryAttempts", "Attempts after the first are 1 to 100, not 0.")]
    [InlineData("{\"maxRetryAttempts\":101}", "$.root.customProperties.retry.maxRetryAttempts", "Attempts after the first are 1 to 100, not 101.")]
    [InlineData("{\"backoffType\":\"Cubic\"}", "$.root.customProperties.retry.backoffType", "There is no backoff 'Cubic'. Use one of: Constant, Linear, Exponential.")]
    [InlineData("{\"backoffType\":\"1\"}", "$.root.customProperties.retry.backoffType", "There is no backoff '1'. Use one of: Constant, Linear, Exponential.")]
    [InlineData("{\"delay\":\"5\"}", "$.root.customProperties.retry.delay", "'5' must be a duration above zero and of at most 1.00:00:00, such as 00:00:30.")]
    [InlineData("{\"maxDelay\":\"2.00:00:00\"}", "$.root.customProperties.retry.maxDelay", "'2.00:00:00' must be a duration above zero and of at most 1.00:00:00, such as 00:00:30.")]
    [InlineData("{\"on\":[429]}", "$.root.customProperties.retry.on[0]", "Each is an exception's type name, an HTTP status such as \"429\" or \"5xx\", or a category, in quotes.")]
    [InlineData("{\"dealy\":\"00:00:01\"}", "$.root.customProperties.retry.dealy", "A retry has no 'dealy'. Did you mean 'delay'?")]
    [InlineData("3", "$.root.customProperties.retry", "A retry is an object such as { \"maxRetryAttempts\": 3, \"delay\": \"00:00:02\" }. It is number.")]
    public void A_wrong_policy_is_told_when_the_story_is_checked(string retry, string path, string message)
    {
        var problem = Harness.Compile(Of(Line("w").Retrying(retry))).Problems.ShouldHaveSingleItem();
        (problem.Path, problem.Message).ShouldBe((path, message));
    }

    [Theory]
    [InlineData("{\"mode\":\"Identifier\",\"strategyId\":\"http\"}", "There is no strategy 'http' here")]
    [InlineData("{\"mode\":\"Expression\",\"expression\":{\"type\":\"CEL\",\"value\":\"'standard'\"}}", "A strategy that is an expression is not known here")]
    [InlineData("\"standard\"", "A strategy that is an expression is not known here")]
    public void A_strategy_nobody_knows_is_warned_of(string strategy, string message)
    {
        var result = Harness.Compile(Of(Line("w").WithCustom("resilienceStrategy", JsonNode.Parse(strategy)!)));
        result.Workflow.ShouldNotBeNull();
        var problem = result.Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("unknown-resilience-strategy");
        problem.Message.ShouldStartWith(message);
    }

    [Fact]
    public async Task A_strategy_has_a_name_and_counts_where_the_story_writes_none_of_its_own()
    {
        var named = new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "patient" };
        var harness = new Harness(reload: false);
        var calls = 0;
        harness.World.Scripts["d"] = _ => ++calls == 1 ? throw new IOException("line is cut") : ValueTask.CompletedTask;
        await harness.StartAsync(Of(Do("d").WithCustom("resilienceStrategy", named)));
        harness.ShouldWait();
        await harness.FireAsync(harness.Time.GetUtcNow().AddSeconds(10));
        harness.ShouldFinish();

        var own = new Harness(reload: false);
        own.World.Scripts["d"] = _ => throw new IOException("line is cut");
        await own.StartAsync(Of(Do("d").Retrying("{\"on\":[\"429\"]}").WithCustom("resilienceStrategy", named.DeepClone())));
        own.ShouldFault("d");
    }

    private sealed class Busy(int status, TimeSpan? retryAfter) : Exception("busy"), IRetryFacts
    {
        public int? StatusCode => status;

        public TimeSpan? RetryAfter => retryAfter;

        public string? Category => "Throttling";
    }

    private sealed class Unanswered(bool isTransient) : Exception("nothing within 30 s"), IRetryFacts
    {
        public int? StatusCode => null;

        public TimeSpan? RetryAfter => null;

        public string? Category => "Timeout";

        public bool IsTransient => isTransient;
    }
}
