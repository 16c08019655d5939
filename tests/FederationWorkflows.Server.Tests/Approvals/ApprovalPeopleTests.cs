using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Approvals;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Approvals;

/// <summary>Who is who when approvals are decided: accounts count, whatever their people are called by then.</summary>
public sealed class ApprovalPeopleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_started_the_run_does_not_approve_it_under_another_name()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("notTheStarter", Literal(true))));
        var id = await AskAsync(server, Caller("ada", "u1"));

        (await DecideAsync(server, id, Caller("grace", "u1"))).Problem.ShouldBe("grace started the run as ada, and who started it may not decide.");
        (await DecideAsync(server, id, Caller("ada", "u2"))).Problem.ShouldBeNull("somebody else has the name by now");
    }

    [Fact]
    public async Task Who_starts_the_run_by_another_story_or_an_event_does_not_approve_it_either()
    {
        var publishes = Of("tells", [Activity("Elsa.PublishEvent", "tell", ("eventName", Literal("asked")))]);
        var asks = Asks(("notTheStarter", Literal(true)));
        var hears = Activity("Elsa.Event", "start", ("eventName", Literal("asked")));
        hears["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        asks["root"]!["activities"]!.AsArray().Insert(0, hears);
        await using var server = await ServerUnderTest.StartAsync(publishes, asks);
        var handle = await server.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest("tells"), Caller("ada", "u1"), Cancellation);
        await handle.Rest;
        var id = await WaitingAsync(server);

        (await DecideAsync(server, id, Caller("grace", "u1"))).Problem.ShouldBe("grace started the run as ada, and who started it may not decide.");
    }

    [Fact]
    public async Task Approvers_are_those_who_have_the_names_when_it_is_asked()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada","nobody-yet"]"""))));
        var ada = await UserAsync(server, "ada");
        var id = await AskAsync(server, Caller("local", null));

        await RenameAsync(server, ada, "grace");
        await UserAsync(server, "ada", "u-new");

        (await DecideAsync(server, id, Caller("ada", "u-new"))).Problem.ShouldBe("The story does not name ada among those who may decide.");
        (await DecideAsync(server, id, Caller("grace", ada))).Problem.ShouldBeNull();
    }

    [Fact]
    public async Task The_person_of_a_link_is_the_one_who_signs_in_under_another_name_by_now()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada","bob"]""")), ("approverRoles", Object("""["operator"]""")), ("requiredApprovals", Literal(2))));
        var ada = await UserAsync(server, "ada");
        var id = await AskAsync(server, Caller("local", null));
        var link = await LinkAsync(server, id, "ADA");
        await RenameAsync(server, ada, "grace");
        (await DecideAsync(server, id, Caller("grace", ada))).Problem.ShouldBeNull();

        var page = await PageAsync(server, link);

        page.ShouldContain("ada has taken part in a decision already as grace. Another person must decide.");
        page.ShouldNotContain("<form");
    }

    [Fact]
    public async Task A_link_does_not_let_the_starter_decide_under_another_name()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["grace"]""")), ("notTheStarter", Literal(true))));
        var ada = await UserAsync(server, "grace");
        var id = await AskAsync(server, Caller("ada", ada));
        var page = await PageAsync(server, await LinkAsync(server, id, "grace"));

        page.ShouldContain("grace started the run as ada, and who started it may not decide.");
        page.ShouldNotContain("<form");
    }

    [Fact]
    public async Task Who_may_not_sign_in_any_more_decides_nothing_by_a_link()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada"]"""))));
        var ada = await UserAsync(server, "ada");
        var id = await AskAsync(server, Caller("local", null));
        var link = await LinkAsync(server, id, "ada");
        var users = server.Services.GetRequiredService<UserDirectory>();
        await users.PutAsync((await users.FindAsync(ada, Cancellation))! with { IsDisabled = true }, Cancellation);

        (await PageAsync(server, link)).ShouldContain("ada may not sign in here any more, and so decides nothing.");
    }

    [Fact]
    public async Task Who_has_decided_is_told_so()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks());
        var id = await AskAsync(server, Caller("bob", "u2"));
        using var browser = new Browser(server.Address);
        using var sent = await browser.SubmitAsync("/approvals", $"approvals/{id}", ("decision", "approve"), ("reason", ""));
        sent.StatusCode.ShouldBe(HttpStatusCode.SeeOther, await sent.TextAsync());

        (await browser.ShownAsync(sent.Headers.Location!.ToString())).ShouldContain("You approved <strong>Delete the cluster</strong>, and the run goes on.");
        (await browser.ShownAsync("/approvals?decided=made-up")).ShouldNotContain("You approved");
    }

    private static JsonObject Asks(params (string Name, JsonNode? Value)[] more) =>
        Of("asks", [Activity("FederationWorkflows.RequestApproval", "approval", [("title", Literal("Delete the cluster")), .. more])]);

    private static ClaimsPrincipal Caller(string name, string? id) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, "operator"), .. id is null ? [] : new[] { new Claim(ClaimTypes.NameIdentifier, id) }], "test"));

    private static async Task<string> AskAsync(ServerUnderTest server, ClaimsPrincipal starter)
    {
        var handle = await server.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest("asks"), starter, Cancellation);
        await handle.Rest;
        return await WaitingAsync(server);
    }

    private static async Task<string> WaitingAsync(ServerUnderTest server)
    {
        for (var attempt = 0; attempt < 6000; attempt++)
        {
            if ((await server.GetJsonAsync("/api/approvals")).GetProperty("items") is var items && items.GetArrayLength() == 1)
            {
                return items[0].GetProperty("id").GetString()!;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation);
        }

        throw new TimeoutException($"Nothing was asked within a minute: {await server.GetJsonAsync("/api/runs")}");
    }

    private static Task<DecisionOutcome> DecideAsync(ServerUnderTest server, string id, ClaimsPrincipal caller) =>
        server.Services.GetRequiredService<ApprovalInbox>().DecideAsync(id, isApproval: true, null, new DefaultHttpContext { User = caller });

    private static async Task<string> UserAsync(ServerUnderTest server, string name, string? id = null) => (await server.Services.GetRequiredService<UserDirectory>().PutAsync(
        new User { Id = id ?? UserDirectory.NewId(), Name = name, Roles = ["operator"], Stamp = "", CreatedAt = DateTimeOffset.UnixEpoch }, Cancellation)).Id;

    private static async Task RenameAsync(ServerUnderTest server, string id, string name)
    {
        var users = server.Services.GetRequiredService<UserDirectory>();
        await users.PutAsync((await users.FindAsync(id, Cancellation))! with { Name = name }, Cancellation);
    }

    private static async Task<string> LinkAsync(ServerUnderTest server, string id, string person)
    {
        using var made = await server.Client.PostAsJsonAsync($"/api/approvals/{id}/links", new { person }, Cancellation);
        made.StatusCode.ShouldBe(HttpStatusCode.OK, await made.TextAsync());
        return (await ServerUnderTest.JsonAsync(made)).GetProperty("link").GetString()!;
    }

    private static async Task<string> PageAsync(ServerUnderTest server, string link)
    {
        using var page = await server.GetAsync(link);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        return WebUtility.HtmlDecode(await page.TextAsync());
    }
}
