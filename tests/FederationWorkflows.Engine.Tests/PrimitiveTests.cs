using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class CompleteFinishTests
{
    [Theory]
    [InlineData(null, "Done")]
    [InlineData("\"\"", "Done")]
    [InlineData("\"Refused\"", "Refused")]
    [InlineData("[\"A\",\"B\"]", "A B")]
    [InlineData("[]", "")]
    public async Task Complete_ends_the_workflow_with_its_outcomes(string? outcomes, string names)
    {
        foreach (var reload in new[] { false, true })
        {
            var complete = Activity("Elsa.Complete", "complete", ("outcomes", outcomes is null ? null : Object(outcomes)));
            var harness = await new Harness(reload).StartAsync(Of(Sequence("s", complete, Line("never"))));
            harness.ShouldFinish().ShouldWrite("");
            string.Join(" ", harness.Run.Outcomes.Names).ShouldBe(names);
        }
    }

    [Theory]
    [InlineData("Elsa.Complete")]
    [InlineData("Elsa.Finish")]
    public async Task It_ends_the_run_from_however_deep_and_cancels_everything_else(string type)
    {
        foreach (var reload in new[] { false, true })
        {
            var deep = For("for", 1, 3, Flowchart("f", [Line("a"), If("i", Literal(true), Sequence("t", Activity(type, "end"), Line("never1"))), Line("never2")], "a -> i -> never2"));
            var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Parallel("p", Wait("w"), deep, Line("b")), Line("never3"))));
            harness.ShouldFinish().ShouldWrite("b a");
            harness.Run.Bookmarks.ShouldBeEmpty();
            harness.Bookmarks.ShouldBeEmpty();
            harness.Run.Outcomes.Names.ShouldBe(["Done"]);
            harness.Journal.Single(entry => entry.Node.Id == "end" && entry.Event != JournalEvent.Started).Event.ShouldBe(JournalEvent.Completed);
            harness.Journal.Single(entry => entry.Node.Id == "w" && entry.Event == JournalEvent.Canceled).ShouldNotBe(default);
            harness.Parts.Keys.ShouldNotContain(key => key.StartsWith("a/", StringComparison.Ordinal), "a finished run keeps no executions");
        }
    }

    [Theory, BothWays]
    public async Task A_run_with_a_fault_that_finishes_is_faulted_all_the_same(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Fail("x"), Activity("Elsa.Finish", "end"))));
        harness.ShouldFault("x");
    }

    [Theory, BothWays]
    public async Task A_run_that_goes_on_with_incidents_finishes(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Parallel("p", Fail("x"), Activity("Elsa.Finish", "end"))).ContinuingWithIncidents());
        harness.ShouldFinish();
        harness.Run.Incidents.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Finish_cancels_the_calls_in_flight()
    {
        var harness = new Harness();
        harness.Create(Of(Parallel("p", Call("c"), Sequence("s", Call("d"), Activity("Elsa.Finish", "end")))));
        harness.Step().ShouldBe(RunStep.Wait);
        harness.World.Gate("d").SetResult(null);
        (await harness.DriveAsync()).ShouldFinish();
        harness.Journal.ShouldContain(entry => entry.Node.Id == "c" && entry.Event == JournalEvent.Canceled);
        await Should.ThrowAsync<OperationCanceledException>(harness.World.Running["c"]);
    }
}

public sealed class FaultTests
{
    [Theory, BothWays]
    public async Task Fault_fails_with_the_storys_own_words(bool reload)
    {
        var fault = Activity("Elsa.Fault", "x", ("code", Literal("E7")), ("category", Literal("Trust")), ("faultType", Literal("Business")), ("message", Literal("No bucket.")));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", fault, Line("never"))));
        var incident = harness.ShouldFault("x");
        incident.Message.ShouldBe("No bucket.");
        incident.Error.Type.ShouldBe("FaultException");
        incident.ActivityType.ShouldBe("Elsa.Fault");
        incident.ActivityNodeId.ShouldBe("Workflow1:s:x");
        Data(harness).ShouldBe("E7 Trust Business");
    }

    [Theory, BothWays]
    public async Task Fault_has_defaults(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Activity("Elsa.Fault", "x")));
        harness.ShouldFault("x").Message.ShouldBe("The story faulted without a message.");
        Data(harness).ShouldBe("0 General System");
    }

    [Fact]
    public async Task An_empty_code_stays_empty()
    {
        var harness = await new Harness().StartAsync(Of(Activity("Elsa.Fault", "x", ("code", Literal("")))));
        Data(harness).ShouldBe(" General System");
    }

    private static string Data(Harness harness)
    {
        var data = harness.Journal.Single(entry => entry.Event == JournalEvent.Faulted).Details!.Data!;
        return $"{data["Code"]} {data["Category"]} {data["Type"]}";
    }
}

public sealed class PrimitiveTests
{
    [Theory, BothWays]
    public async Task Start_does_nothing_anywhere(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Activity("Elsa.Start", "start"), Line("b"))))).ShouldFinish().ShouldWrite("a b");

    [Theory]
    [InlineData("\"Nightly\"", "Nightly")]
    [InlineData("null", null)]
    [InlineData(null, null)]
    public async Task SetName_names_the_run_and_the_last_one_wins(string? name, string? expected)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await new Harness(reload).StartAsync(Of(Sequence(
                "s",
                Activity("Elsa.SetName", "n1", ("value", Literal("before"))),
                Activity("Elsa.SetName", "n2", ("value", name is null ? null : Literal(JsonNode.Parse(name)))),
                Wait("w"))));
            harness.Reload();
            harness.Run.Name.ShouldBe(expected);
            harness.Run.Summary.Name.ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("\"order 7\"", "order 7")]
    [InlineData("null", null)]
    public async Task Correlate_ties_the_run_to_something_outside(string id, string? expected)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Activity("Elsa.Correlate", "c0", ("correlationId", Literal("before"))), Activity("Elsa.Correlate", "c", ("correlationId", Literal(JsonNode.Parse(id)))), Wait("w"))));
            harness.Reload();
            harness.Run.Identity.CorrelationId.ShouldBe(expected);
            harness.Run.Summary.Identity.CorrelationId.ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("\"text\"", "text")]
    [InlineData("7", "7")]
    [InlineData("1.5", "1.5")]
    [InlineData("true", "true")]
    [InlineData("{\"a\":[1]}", "{\"a\":[1]}")]
    [InlineData("null", "")]
    [InlineData(null, "")]
    public async Task WriteLine_writes_any_value_as_text(string? text, string expected)
    {
        var harness = await new Harness(true).StartAsync(Of(Activity("Elsa.WriteLine", "l", ("text", text is null ? null : Literal(JsonNode.Parse(text))))));
        harness.ShouldFinish();
        harness.Lines.ShouldBe([expected]);
    }

    [Theory, BothWays]
    public async Task An_activity_that_was_not_found_when_the_file_was_read_faults_when_it_is_reached(bool reload)
    {
        var missing = Activity("Elsa.NotFoundActivity", "m", ("missingTypeName", "Acme.Rocket"), ("missingTypeVersion", 2), ("originalActivityJson", "{\"type\":\"Acme.Rocket\"}"));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), missing)));
        harness.ShouldFault("m").Message.ShouldBe("The activity type 'Acme.Rocket' version 2 is not known to this server. Register it, or replace the activity.");
        harness.ShouldWrite("a");
        (await new Harness(reload).StartAsync(Of(If("i", Literal(false), (JsonNode)missing.DeepClone(), Line("b"))))).ShouldFinish().ShouldWrite("b");
    }

    [Theory, BothWays]
    public async Task SetOutput_sets_an_output_of_the_workflow_and_the_last_one_wins(bool reload)
    {
        JsonObject Set(string id, string name, JsonNode? value) => Activity("Elsa.SetOutput", id, ("outputName", Literal(name)), ("outputValue", Literal(value)));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Set("a", "x", 1), Set("b", "x", 2), Set("c", "none", null), Set("d", "undeclared", "too"), Wait("w"))));
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish();
        harness.Run.Output.ShouldBe(new Dictionary<string, object?> { ["x"] = 2L, ["none"] = null, ["undeclared"] = "too" });
    }
}
