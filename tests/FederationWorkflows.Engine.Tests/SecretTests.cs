using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>A secret given to a run is nowhere to be seen: not in the saved parts, not in the journal, not in an incident.</summary>
public sealed class SecretTests
{
    private const string Canary = "canary-5f0c1d";

    public static TheoryData<string> Ways => ["written", "captured", "failed", "misfit", "misfit output", "each", "output", "name", "case", "large", "looped"];

    [Theory, MemberData(nameof(Ways))]
    public async Task It_is_not_seen_on_any_way_through_a_run(string way)
    {
        JsonNode step = way switch
        {
            "written" => LineOf("l", "s"),
            "captured" => Sequence("q", Activity("Test.MakeSecret", "m", ("content", Input("i")), ("result", Captured("v"))), LineOf("l", "v")),
            "failed" => Sequence("q", Wait("before"), Fail("x", Variable("s"))),
            "misfit" => Activity("Elsa.For", "x", ("start", Variable("s"))),
            "misfit output" => Activity("Test.MakeSecret", "x", ("content", Input("i")), ("result", Captured("n"))),
            "each" => Activity("Elsa.ForEach", "e", ("items", Variable("s")), ("body", Sequence("b", LineOf("l", "CurrentValue"), Wait("w")))),
            "output" => Activity("Elsa.SetOutput", "o", ("outputName", Literal("out")), ("outputValue", Variable("s"))),
            "name" => Sequence("q", Activity("Elsa.SetName", "o", ("value", Variable("s"))), Activity("Elsa.Correlate", "c", ("correlationId", Variable("s")))),
            "case" => Activity("Elsa.FlowDecision", "x", ("condition", Variable("s"))),
            "large" => SetVariable("v2", "v", Input("large")),
            _ => For("for", 1, 3, Sequence("b", SetVariable("v2", "v", Variable("s")), LineOf("l", "v")).With("variables", Variables(("v", "String", null)))),
        };
        foreach (var reload in new[] { false, true })
        {
            var harness = new Harness(reload);
            var story = Of(
                Parallel("p", Sequence("q0", SetVariable("set", "s", Input("i")), (JsonNode)step.DeepClone(), Wait("end")), Wait("other")),
                ("variables", Variables(("s", "Secret", null), ("v", "String", null), ("n", "Int32", null))),
                ("inputs", Inputs(("i", "Secret"), ("large", "Secret")))).ContinuingWithIncidents();
            await harness.StartAsync(story, new() { ["i"] = Canary, ["large"] = new string('x', 50_000) + Canary });
            while (harness.Run.Bookmarks.FirstOrDefault(bookmark => bookmark.ActivityId != "other") is { } bookmark)
            {
                harness.ShouldWait();
                AssertUnseen(harness);
                harness.Reload();
                harness.Run.Resume(bookmark.Id, null).ShouldBeTrue();
                await harness.DriveAsync();
            }

            AssertUnseen(harness);
            harness.Run.Incidents.Count.ShouldBe(way is "failed" or "misfit" or "misfit output" or "case" ? 1 : 0, string.Join("; ", harness.Run.Incidents));
        }
    }

    [Fact]
    public async Task An_activity_that_acts_on_the_world_refuses_one_where_it_expects_none()
    {
        var story = Of(Activity("Test.Send", "x", ("subject", Input("i"))), ("inputs", Inputs(("i", "Secret"))));
        (await new Harness().StartAsync(story, new() { ["i"] = Canary })).ShouldFault("x").Message
            .ShouldBe("Input 'Subject' was given a secret, but Test.Send would show it to others. Give it a value that is not secret.");
    }

    [Fact]
    public async Task An_activity_takes_one_where_it_says_so()
    {
        var story = Of(Activity("Test.Send", "x", ("body", Input("i"))), ("inputs", Inputs(("i", "Secret"))));
        (await new Harness().StartAsync(story, new() { ["i"] = Canary })).ShouldFinish();
    }

    [Theory]
    [InlineData("Elsa.FlowFork", "branches")]
    [InlineData("Elsa.Complete", "outcomes")]
    public async Task It_cannot_become_an_outcome(string type, string input)
    {
        var story = Of(Activity(type, "x", (input, Input("i"))), ("inputs", Inputs(("i", "Secret"))));
        (await new Harness().StartAsync(story, new() { ["i"] = Canary })).ShouldFault("x").Message.ShouldEndWith("was given a secret, but outcomes are shown to everybody.");
    }

    [Fact]
    public async Task An_output_that_a_secret_variable_captures_is_a_secret_everywhere()
    {
        var story = Of(
            Sequence("q", Activity("Test.Wait", "w", ("result", Captured("s"))), Wait("end")),
            ("variables", Variables(("s", "Secret", null))));
        var harness = await new Harness().StartAsync(story);

        await harness.ResumeAsync("w", Canary);

        AssertUnseen(harness);
    }

    [Fact]
    public void The_mask_is_not_taken_for_one() =>
        Should.Throw<ValueConversionException>(() => ValueConversion.Convert(Sensitive.Mask, typeof(Sensitive<string>)))
            .Message.ShouldBe("must be a secret, and is the mask that stands where a secret was");

    [Fact]
    public async Task An_error_that_quotes_a_secret_is_told_with_the_mask()
    {
        var story = Of(Fail("x", Input("i")), ("inputs", Inputs(("i", "Secret"))));
        (await new Harness().StartAsync(story, new() { ["i"] = Canary })).ShouldFault("x").Message.ShouldBe("refused '***'");
    }

    [Fact]
    public async Task A_secret_that_does_not_fit_an_input_is_not_quoted()
    {
        var story = Of(Activity("Elsa.For", "x", ("start", Input("i"))), ("inputs", Inputs(("i", "Secret"))));
        (await new Harness().StartAsync(story, new() { ["i"] = Canary })).ShouldFault("x").Message.ShouldBe("Input 'Start' must be a whole number, and is a secret that is not.");
    }

    [Fact]
    public async Task A_secret_comes_back_from_the_state_as_what_it_was()
    {
        var harness = await new Harness().StartAsync(Of(Sequence("q", SetVariable("set", "v", Input("i")), Wait("w")), ("variables", Variables(("v", "Secret", null))), ("inputs", Inputs(("i", "Secret")))), new() { ["i"] = Canary });
        harness.Reload();
        harness.Run.Variables[0].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe(Canary);
    }

    private static void AssertUnseen(Harness harness)
    {
        var seen = new StringBuilder(harness.SavedText).Append(harness.Output).Append(harness.Run.Name).Append(harness.Run.Identity.CorrelationId).Append(JsonValues.ToJson(harness.Run.Output));
        foreach (var entry in harness.Journal)
        {
            seen.Append(entry.Message).Append(JsonValues.ToJson(entry.Inputs)).Append(JsonValues.ToJson(entry.Outputs)).Append(entry.Details).Append(JsonValues.ToJson(entry.Details?.Data));
        }

        foreach (var incident in harness.Run.Incidents)
        {
            seen.Append(incident).Append(JsonValues.ToJson(incident));
        }

        var text = seen.ToString();
        text.ShouldNotContain(Canary);
        text.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary))[..12]);
    }
}
