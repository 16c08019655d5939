using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class SequenceTests
{
    [Theory, BothWays]
    public async Task A_sequence_runs_its_activities_one_after_another(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Wait("w"), Line("b"))));
        harness.ShouldWait().ShouldWrite("a");
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("a b");
    }

    [Theory, BothWays]
    public async Task An_empty_sequence_completes_at_once(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Sequence("empty"), Line("a"))))).ShouldFinish().ShouldWrite("a");

    [Theory]
    [InlineData(false, "Elsa.End")]
    [InlineData(true, "Elsa.End")]
    [InlineData(false, "Elsa.Break")]
    [InlineData(true, "Elsa.Break")]
    public async Task A_terminal_activity_ends_the_sequence_that_directly_holds_it(bool reload, string terminal) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Sequence("inner", Line("a"), Activity(terminal, "t"), Line("never")), Line("b"))))).ShouldFinish().ShouldWrite("a b");

    [Theory, BothWays]
    public async Task An_End_deeper_inside_does_not_end_the_sequence(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", If("i", Literal(true), Activity("Elsa.End", "e")), Line("b"))))).ShouldFinish().ShouldWrite("b");

    [Theory, BothWays]
    public async Task Outcomes_are_ignored(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Decision("d", false), Turns("t", ""), Turns("u", "X"), Line("b"))))).ShouldFinish().ShouldWrite("b");

    [Theory, BothWays]
    public async Task After_a_fault_the_rest_does_not_run(bool reload)
    {
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Line("a"), Fail("x"), Line("never"))));
        harness.ShouldFault("x");
        harness.ShouldWrite("a");
    }

    [Theory, BothWays]
    public async Task Containers_nest_in_containers(bool reload)
    {
        var inner = Parallel("p", Sequence("s2", Line("a"), Line("b")), Flowchart("f", [Line("c"), If("i", Literal(true), Sequence("s3", Line("d")))], "c -> i"));
        (await new Harness(reload).StartAsync(Of(Sequence("s", inner, Line("z"))))).ShouldFinish().ShouldWrite("a c b d z");
    }
}
