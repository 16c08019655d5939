using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>Random stories: whatever they do, they do the same when the run is made anew after every activity, and they leave nothing behind.</summary>
public sealed class RandomStoryTests
{
    private const int MostResumptions = 40;

    /// <summary>Random loops do not end by themselves.</summary>
    private static readonly RunLimits Limits = new() { MaxExecutions = 300 };

    [Fact]
    public void A_story_runs_the_same_straight_and_reloaded() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => Same(seed)).Check(
            Config.QuickThrowOnFailure.WithMaxTest(600).WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(20_260_131, 7), FSharpOption<int>.None))));

    private static bool Same(int seed)
    {
        var story = new Writer(new Random(seed)).Story();
        var straight = RunAsync(new Harness { Limits = Limits }, story, seed).GetAwaiter().GetResult();
        var reloaded = RunAsync(new Harness(reload: true) { Limits = Limits }, story, seed).GetAwaiter().GetResult();
        reloaded.ShouldBe(straight, story.ToJsonString());
        return true;
    }

    private static async Task<string> RunAsync(Harness harness, JsonObject story, int seed)
    {
        var random = new Random(seed);
        await harness.StartAsync((JsonObject)story.DeepClone());
        for (var resumptions = 0; harness.Run.Status == WorkflowStatus.Running && resumptions < MostResumptions; resumptions++)
        {
            harness.Run.SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
            var bookmarks = harness.Run.Bookmarks.OrderBy(bookmark => bookmark.InstanceNumber).ToList();
            bookmarks.Select(bookmark => bookmark.Id).ShouldBe(harness.Bookmarks.Keys, ignoreOrder: true);
            harness.Run.Resume(bookmarks[random.Next(bookmarks.Count)].Id, null).ShouldBeTrue();
            await harness.DriveAsync();
        }

        if (harness.Run.Status == WorkflowStatus.Running)
        {
            harness.Run.Cancel().ShouldBeTrue();
            harness.Commit();
        }

        harness.Bookmarks.ShouldBeEmpty();
        harness.Run.Timers.ShouldBeEmpty();
        if (harness.Run.SubStatus != WorkflowSubStatus.Faulted)
        {
            harness.Parts.Keys.ShouldNotContain(key => key.StartsWith("a/", StringComparison.Ordinal) || key.StartsWith("v/", StringComparison.Ordinal) || key.StartsWith("i/", StringComparison.Ordinal));
        }

        // Whatever began has ended, once.
        foreach (var execution in harness.Journal.GroupBy(entry => entry.InstanceNumber))
        {
            execution.Count(entry => entry.Event == JournalEvent.Started).ShouldBeLessThanOrEqualTo(1);
            execution.Count(entry => entry.Event is JournalEvent.Completed or JournalEvent.Faulted).ShouldBeLessThanOrEqualTo(1);
        }

        harness.Journal.Select(entry => entry.Sequence).ShouldBe(Enumerable.Range(1, harness.Journal.Count).Select(i => (long)i));
        return $"{harness.Run.SubStatus} {harness.Output} {string.Join("; ", harness.Run.Incidents.Select(incident => incident.ActivityId + ": " + incident.Message))}";
    }

    private sealed class Writer(Random random)
    {
        private static readonly string[] Modes = ["Stream", "Merge", "Converge", "Cascade", "Race"];

        private int count;

        public JsonObject Story()
        {
            var story = Of(Any(depth: 4), ("variables", Variables(("v", "Int32", "0"))));
            return random.Next(3) == 0 ? story.ContinuingWithIncidents() : story;
        }

        private string Id(string prefix) => $"{prefix}{count++}";

        private JsonObject Any(int depth) => random.Next(depth <= 0 ? 8 : 20) switch
        {
            0 or 1 or 2 => Line(Id("l")),
            3 => Wait(Id("w")),
            4 => Activity("Test.Increment", Id("n"), ("variable", "v")),
            5 => LineOf(Id("lv"), "v"),
            6 => random.Next(6) == 0 ? Fail(Id("x")) : Line(Id("l")),
            7 => random.Next(4) == 0 ? Activity(new[] { "Elsa.Break", "Elsa.End", "Elsa.Finish", "Elsa.Complete" }[random.Next(4)], Id("t")) : Wait(Id("w")),
            8 => Sequence(Id("s"), Some(depth)),
            9 => Parallel(Id("p"), Some(depth)),
            10 => Fork(Id("k"), random.Next(2) == 0 ? "WaitAll" : "WaitAny", Some(depth)),
            11 => If(Id("i"), Literal(random.Next(2) == 0), Any(depth - 1), random.Next(2) == 0 ? null : Any(depth - 1)),
            12 => For(Id("for"), 1, random.Next(4), Any(depth - 1)),
            13 => ForEach(Id("each"), "[1,2]", Any(depth - 1)),
            14 => Activity("Elsa.ParallelForEach", Id("peach"), ("items", Object("[1,2,3]")), ("body", Any(depth - 1))),
            15 => Activity("Elsa.While", Id("while"), ("condition", Expression("Test", $"below v {random.Next(3)}")), ("body", Sequence(Id("s"), Activity("Test.Increment", Id("n"), ("variable", "v")), Any(depth - 1)))),
            _ => Chart(depth),
        };

        private JsonNode[] Some(int depth) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => Any(depth - 1))];

        private JsonObject Chart(int depth)
        {
            var tokens = random.Next(2) == 0;
            var nodes = Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(5) switch
            {
                0 => Turns(Id("d"), string.Join(",", Enumerable.Range(0, 6).Select(_ => new[] { "A", "B", "A+B", "Done", "" }[random.Next(5)]))),
                1 => Join(Id("j"), new[] { "WaitAll", "WaitAny", "WaitAllActive" }[random.Next(3)]),
                _ => Any(depth - 2),
            }).ToArray();
            if (tokens)
            {
                foreach (var node in nodes.Where(_ => random.Next(2) == 0))
                {
                    node.Merging(Modes[random.Next(Modes.Length)]);
                }
            }

            var connections = Enumerable.Range(0, random.Next(nodes.Length * 2)).Select(_ =>
            {
                var source = random.Next(nodes.Length);
                var target = random.Next(5) == 0 ? random.Next(nodes.Length) : random.Next(source, nodes.Length);
                var port = nodes[source]["type"]!.GetValue<string>() == "Test.Turns" ? new[] { "A", "B", "Done" }[random.Next(3)] : "Done";
                return $"{nodes[source]["id"]}:{port} -> {nodes[target]["id"]}";
            });
            return Flowchart(Id("f"), nodes, [.. connections]);
        }
    }
}
