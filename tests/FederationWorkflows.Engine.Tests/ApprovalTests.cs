using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>A run that asks people, by itself and after being saved and loaded between decisions.</summary>
public sealed class ApprovalTests
{
    [Theory, BothWays]
    public async Task Enough_different_people_approve(bool reload)
    {
        var harness = await StartAsync(reload, ("requiredApprovals", Literal(2)), ("approvers", Object("""["ada","bob","cy"]""")));
        Asked(harness).ShouldBe(("Delete it?", 2, 0));

        await harness.ResumeAsync("ask", Approve("ada"));
        Asked(harness).ShouldBe(("Delete it?", 2, 1));
        await harness.ResumeAsync("ask", Approve("Ada"));
        Asked(harness).ShouldBe(("Delete it?", 2, 1), "the same person counts once");
        await harness.ResumeAsync("ask", Approve("bob"));

        harness.ShouldFinish();
        Result(harness).ShouldBe("Approved: ada approve, bob approve");
    }

    [Theory, BothWays]
    public async Task A_person_is_the_same_under_another_name_and_another_one_under_the_same(bool reload)
    {
        var harness = await StartAsync(reload, ("requiredApprovals", Literal(3)));
        await harness.ResumeAsync("ask", Approve("ada") with { ById = "u1" });
        await harness.ResumeAsync("ask", Approve("grace") with { ById = "u1" });
        Asked(harness).ShouldBe(("Delete it?", 3, 1));
        await harness.ResumeAsync("ask", Approve("ada") with { ById = "u2" });
        Asked(harness).ShouldBe(("Delete it?", 3, 2));
        await harness.ResumeAsync("ask", Approve("Ada"));
        Asked(harness).ShouldBe(("Delete it?", 3, 2), "who has no account is told apart by his name");
        await harness.ResumeAsync("ask", Approve("bob") with { LinkFrom = "grace", LinkFromId = "u1" });
        Asked(harness).ShouldBe(("Delete it?", 3, 2), "who made the link has decided");
    }

    [Theory, BothWays]
    public async Task Who_started_it_is_known_by_his_account(bool reload)
    {
        var harness = await StartAsync(reload, ("notTheStarter", Literal(true)));
        await harness.ResumeAsync("ask", Approve("zoe") with { ById = "u-ann" });
        await harness.ResumeAsync("ask", Approve("ANN"));
        Asked(harness).ShouldBe(("Delete it?", 1, 0));
        await harness.ResumeAsync("ask", Approve("ann") with { ById = "u-other" });
        harness.ShouldFinish();
    }

    [Theory, BothWays]
    public async Task One_rejection_ends_it(bool reload)
    {
        var harness = await StartAsync(reload, ("requiredApprovals", Literal(2)));
        await harness.ResumeAsync("ask", Approve("ada"));
        await harness.ResumeAsync("ask", Approve("bob") with { IsApproval = false });
        harness.ShouldFinish();
        Result(harness).ShouldBe("Rejected: ada approve, bob reject");
    }

    [Theory, BothWays]
    public async Task The_expiry_counts_from_the_question_and_not_from_the_last_decision(bool reload)
    {
        var harness = await StartAsync(reload, ("requiredApprovals", Literal(2)), ("expiry", Literal("01:00:00")));
        var expires = harness.Time.GetUtcNow() + TimeSpan.FromHours(1);
        harness.Time.Advance(TimeSpan.FromMinutes(30));
        await harness.ResumeAsync("ask", Approve("ada"));
        harness.Run.Timers.ShouldHaveSingleItem().DueAt.ShouldBe(expires);

        harness.Time.Advance(TimeSpan.FromMinutes(30));
        await harness.FireAsync(expires);

        harness.ShouldFinish();
        Result(harness).ShouldBe("Expired: ada approve");
    }

    [Fact]
    public async Task A_decision_that_was_stored_on_its_way_is_a_decision()
    {
        var harness = await StartAsync(reload: false);
        await harness.ResumeAsync("ask", JsonSerializer.SerializeToElement(Approve("ada"), JsonValues.Options));
        harness.ShouldFinish();
        Result(harness).ShouldBe("Approved: ada approve");
    }

    [Fact]
    public async Task What_people_see_has_no_secret()
    {
        var host = new ExpressionHost { Secrets = new Vault(("key", "canary-5f0c1d")) };
        var harness = await new Harness { Host = host }.StartAsync(Of(Sequence("s", Ask(("details", Formula("{'key': secrets.key}"))))));
        harness.ShouldWait().Bookmarks.Values.ShouldHaveSingleItem().Metadata!["approval"].ShouldNotContain("canary");
        harness.SavedText.ShouldNotContain("canary");
    }

    [Theory]
    [InlineData("requiredApprovals", "0", "From 1 to 10 approvals can be required, not 0.")]
    [InlineData("requiredApprovals", "11", "From 1 to 10 approvals can be required, not 11.")]
    [InlineData("linksFor", """["ada"]""", "A link is wanted for 'ada', who is not among the approvers. Name him there, too.")]
    [InlineData("expiry", "\"-00:00:01\"", "The expiry of an approval must be above zero and at most 3650 days.")]
    public async Task A_question_that_nobody_could_answer_fails(string input, string value, string message)
    {
        var harness = await new Harness().StartAsync(Of(Sequence("s", Ask((input, Object(value))))));
        harness.ShouldFault("ask").Message.ShouldBe(message);
    }

    private static Task<Harness> StartAsync(bool reload, params (string Name, JsonNode? Value)[] more) =>
        new Harness(reload).StartAsync(Of(Sequence("s", Ask(more))));

    private static JsonObject Ask(params (string Name, JsonNode? Value)[] more) =>
        Activity("FederationWorkflows.RequestApproval", "ask", [("title", Literal("Delete it?")), .. more]);

    private static ApprovalDecision Approve(string person) => new(person, DateTimeOffset.UnixEpoch, IsApproval: true, "because", "test");

    private static (string Title, int Required, int Decided) Asked(Harness harness)
    {
        var request = (ApprovalRequest)ValueConversion.Convert(JsonValues.Parse(harness.ShouldWait().Bookmarks.Values.ShouldHaveSingleItem().Metadata![ApprovalStimulus.RequestKey]), typeof(ApprovalRequest))!;
        return (request.Title, request.RequiredApprovals, request.Decisions.Count);
    }

    private static string Result(Harness harness)
    {
        var completed = harness.Journal.Last(entry => entry.Node.Id == "ask" && entry.Event == JournalEvent.Completed);
        var result = JsonValues.Parse(JsonValues.ToJson(completed.Outputs![completed.Node.Descriptor.Outputs.ToList().FindIndex(output => output.Name == "Result")]));
        var decisions = result.GetProperty("decisions").EnumerateArray().Select(made => $"{made.GetProperty("by").GetString()} {made.GetProperty("decision").GetString()}");
        return $"{result.GetProperty("outcome").GetString()}: {string.Join(", ", decisions)}";
    }
}
