using System.Net;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Approvals;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Approvals;

/// <summary>Stories that ask people, and people who decide.</summary>
public sealed partial class ApprovalTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("approve", "Approved")]
    [InlineData("reject", "Rejected")]
    public async Task A_decision_with_its_reason_is_the_storys_and_in_the_audit_log(string decision, string outcome)
    {
        await using var server = await ServerUnderTest.StartAsync(Asks());
        var (runId, id) = await AskAsync(server);
        var item = (await server.GetJsonAsync("/api/approvals")).GetProperty("items")[0];
        item.GetProperty("title").GetString().ShouldBe("Delete the cluster");
        item.GetProperty("workflowInstanceId").GetString().ShouldBe(runId);
        item.GetProperty("mayDecide").GetBoolean().ShouldBeTrue();

        using var answer = await server.PostAsync($"/api/approvals/{id}/decide", JsonSerializer.Serialize(new { decision, reason = "INC-7" }));

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        var result = await ResultAsync(server, runId);
        result.GetProperty("outcome").GetString().ShouldBe(outcome);
        var made = result.GetProperty("decisions")[0];
        (made.GetProperty("by").GetString(), made.GetProperty("decision").GetString(), made.GetProperty("reason").GetString()).ShouldBe(("local", decision, "INC-7"));
        var entry = (await server.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "approval." }, Cancellation)).ShouldHaveSingleItem();
        (entry.Action, entry.Actor, entry.Subject).ShouldBe(("approval." + decision, "local", id));
        entry.After!.Value.GetProperty("reason").GetString().ShouldBe("INC-7");
        (await server.GetJsonAsync("/api/approvals")).GetProperty("items").GetArrayLength().ShouldBe(0);
        using var late = await server.PostAsync($"/api/approvals/{id}/decide", """{"decision":"approve"}""");
        await late.ShouldBeProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Two_approvals_are_of_two_people_however_a_name_is_written()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("requiredApprovals", Literal(2))));
        var (runId, id) = await AskAsync(server);

        (await DecideAsync(server, id, "ada")).Problem.ShouldBeNull();
        (await DecideAsync(server, id, "ADA")).Problem.ShouldBe("ADA has taken part in a decision already. Another person must decide.");
        (await DecideAsync(server, id, "bob")).Problem.ShouldBeNull();

        var result = await ResultAsync(server, runId);
        result.GetProperty("outcome").GetString().ShouldBe("Approved");
        result.GetProperty("decisions").EnumerateArray().Select(made => made.GetProperty("by").GetString()).ShouldBe(["ada", "bob"]);
    }

    [Fact]
    public async Task Who_was_renamed_in_between_does_not_count_twice()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("requiredApprovals", Literal(2))));
        var (_, id) = await AskAsync(server);

        (await DecideAsync(server, id, "ada", userId: "u1")).Problem.ShouldBeNull();
        (await DecideAsync(server, id, "grace", userId: "u1")).Problem.ShouldBe("grace has taken part in a decision already as ada. Another person must decide.");
        (await DecideAsync(server, id, "bob", userId: "u2")).Problem.ShouldBeNull();
    }

    [Fact]
    public async Task Decisions_made_at_the_same_time_count_one_by_one()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("requiredApprovals", Literal(4))));
        var (runId, id) = await AskAsync(server);
        string[] people = ["ada", "ada", "bob", "ada", "bob", "cy", "ada", "cy"];

        var outcomes = await Task.WhenAll(people.Select(person => Task.Run(() => DecideAsync(server, id, person), Cancellation)));

        outcomes.Count(outcome => outcome.Problem is null).ShouldBe(3);
        var decisions = (await server.GetJsonAsync("/api/approvals")).GetProperty("items")[0].GetProperty("decisions");
        decisions.EnumerateArray().Select(made => made.GetProperty("by").GetString()).ShouldBe(["ada", "bob", "cy"], ignoreOrder: true);
        (await DecideAsync(server, id, "dan")).Problem.ShouldBeNull();
        (await ResultAsync(server, runId)).GetProperty("outcome").GetString().ShouldBe("Approved");
    }

    [Fact]
    public async Task Only_who_is_named_or_has_a_named_role_may_decide_and_never_who_may_decide_nothing()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada","eve"]""")), ("approverRoles", Object("""["administrator"]"""))));
        var (_, id) = await AskAsync(server);

        (await DecideAsync(server, id, "bob")).Problem.ShouldBe("The story does not name bob among those who may decide.");
        (await DecideAsync(server, id, "eve", role: "viewer")).Problem.ShouldBe("Deciding needs the permission tasks:decide.");
        (await DecideAsync(server, id, "zoe", role: "administrator")).Problem.ShouldBeNull();
        var refused = await server.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "approval.refused" }, Cancellation);
        refused.Select(entry => (entry.Actor, entry.Succeeded)).ShouldBe([("eve", false), ("bob", false)]);
    }

    [Fact]
    public async Task Who_started_the_run_does_not_approve_it()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("notTheStarter", Literal(true))));
        var (_, id) = await AskAsync(server);
        using var answer = await server.PostAsync($"/api/approvals/{id}/decide", """{"decision":"approve"}""");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.Forbidden)).ShouldContain("who started it may not decide");
        (await DecideAsync(server, id, "ada")).Problem.ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_decision_in_time_the_approval_expires()
    {
        var time = new ManualTime();
        await using var server = await ServerUnderTest.StartAsync([Asks(("expiry", Literal("01:00:00")))], settings: null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        var (runId, _) = await AskAsync(server);

        // Whoever looks after timers may not sleep yet when the time is first put on.
        var result = ResultAsync(server, runId);
        while (!result.IsCompleted)
        {
            time.Advance(TimeSpan.FromMinutes(61));
            await Task.Yield();
        }

        (await result).GetProperty("outcome").GetString().ShouldBe("Expired");
    }

    [Fact]
    public async Task Who_completes_tasks_does_not_thereby_decide()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada"]"""))));
        var (_, id) = await AskAsync(server);
        using var answer = await server.PostAsync($"/elsa/api/tasks/{id}/complete", """{"result":true}""");
        await answer.ShouldBeProblemAsync(HttpStatusCode.NotFound);
        (await server.GetJsonAsync("/api/tasks")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_link_decides_once_for_its_person_when_he_says_so_and_not_when_it_is_opened()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada","bob"]"""))));
        var (runId, id) = await AskAsync(server);
        using var made = await server.PostAsync($"/api/approvals/{id}/links", """{"person":"ada","expiresIn":"02:00:00"}""");
        made.StatusCode.ShouldBe(HttpStatusCode.OK, await made.TextAsync());
        var link = (await ServerUnderTest.JsonAsync(made)).GetProperty("link").GetString()!;
        var documents = server.Services.GetRequiredService<IDocumentStore>();
        var stored = (await documents.ListAsync("approval-link", null, 10, Cancellation)).ShouldHaveSingleItem();
        (stored.Id + System.Text.Encoding.UTF8.GetString(stored.Json.Span)).ShouldNotContain(link.Split('/')[^1]);

        var form = await OpenAsync(server, link);
        await OpenAsync(server, link);
        (await server.GetJsonAsync("/api/approvals")).GetProperty("items")[0].GetProperty("decisions").GetArrayLength().ShouldBe(0);
        using var withoutToken = await PostFormAsync(server, link, ("decision", "approve"));
        withoutToken.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var decided = await PostFormAsync(server, link, ("decision", "approve"), ("reason", "by phone"), ("__RequestVerificationToken", form));
        decided.StatusCode.ShouldBe(HttpStatusCode.OK, await decided.TextAsync());
        using var again = await server.GetAsync(link);
        again.StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var decision = (await ResultAsync(server, runId)).GetProperty("decisions")[0];
        (decision.GetProperty("by").GetString(), decision.GetProperty("via").GetString(), decision.GetProperty("linkFrom").GetString()).ShouldBe(("ada", "link", "local"));
    }

    [Fact]
    public async Task Who_makes_links_for_others_does_not_decide_twice()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada","bob","local"]""")), ("requiredApprovals", Literal(2))));
        var (_, id) = await AskAsync(server);
        using var ada = await server.PostAsync($"/api/approvals/{id}/links", """{"person":"ada"}""");
        using var bob = await server.PostAsync($"/api/approvals/{id}/links", """{"person":"bob"}""");
        var form = "";
        foreach (var (made, isTaken) in new[] { (ada, true), (bob, false) })
        {
            var link = (await ServerUnderTest.JsonAsync(made)).GetProperty("link").GetString()!;
            var offered = await OpenAsync(server, link);
            (offered.Length > 0).ShouldBe(isTaken, "who may not decide is offered no form");
            form = isTaken ? offered : form;
            using var decided = await PostFormAsync(server, link, ("decision", "approve"), ("__RequestVerificationToken", form));
            decided.StatusCode.ShouldBe(isTaken ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        }

        using var own = await server.PostAsync($"/api/approvals/{id}/decide", """{"decision":"approve"}""");
        (await own.ShouldBeProblemAsync(HttpStatusCode.Forbidden)).ShouldContain("local has taken part in a decision already");
        (await DecideAsync(server, id, "bob")).Problem.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"person":"mallory"}""")]
    [InlineData("""{}""")]
    [InlineData("""{"person":"ada","expiresIn":"30.00:00:00"}""")]
    public async Task A_link_is_for_an_approver_and_not_for_long(string json)
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada"]"""))));
        var (_, id) = await AskAsync(server);
        using var answer = await server.PostAsync($"/api/approvals/{id}/links", json);
        await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_old_link_or_a_made_up_one_leads_nowhere()
    {
        var time = new ManualTime();
        await using var server = await ServerUnderTest.StartAsync([Asks(("approvers", Object("""["ada"]""")))], settings: null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        var (_, id) = await AskAsync(server);
        using var made = await server.PostAsync($"/api/approvals/{id}/links", """{"person":"ada","expiresIn":"01:00:00"}""");
        var link = (await ServerUnderTest.JsonAsync(made)).GetProperty("link").GetString()!;
        time.Advance(TimeSpan.FromHours(1));
        foreach (var path in new[] { link, "/approvals/link/" + new string('A', 43), "/approvals/link/x" })
        {
            using var answer = await server.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task A_story_that_asks_for_links_gets_them_as_secrets()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks(("approvers", Object("""["ada"]""")), ("linksFor", Object("""["ada"]""")), ("links", To("links"))));
        var (runId, _) = await AskAsync(server);
        (await server.Services.GetRequiredService<IDocumentStore>().ListAsync("approval-link", null, 10, Cancellation)).Count.ShouldBe(1);
        (await server.GetJsonAsync($"/elsa/api/workflow-instances/{runId}")).GetRawText().ShouldNotContain("approvals/link/");
    }

    [Fact]
    public async Task The_inbox_is_a_page_with_forms()
    {
        await using var server = await ServerUnderTest.StartAsync(Asks());
        var (runId, id) = await AskAsync(server);
        var form = await OpenAsync(server, "/approvals");
        using var decided = await PostFormAsync(server, $"/approvals/{id}", ("decision", "reject"), ("reason", "no"), ("__RequestVerificationToken", form));
        decided.StatusCode.ShouldBe(HttpStatusCode.SeeOther, await decided.TextAsync());
        (await ResultAsync(server, runId)).GetProperty("outcome").GetString().ShouldBe("Rejected");
    }

    private static JsonObject Asks(params (string Name, JsonNode? Value)[] more) => Of(
        "asks",
        [
            Starts("ask"),
            Activity("FederationWorkflows.RequestApproval", "approval", [("title", Literal("Delete the cluster")), ("details", Object("""{"cluster":"blue"}""")), ("result", To("decided")), .. more]),
        ],
        "decided:Object",
        "links:Object");

    private static async Task<(string RunId, string Id)> AskAsync(ServerUnderTest server)
    {
        using var started = await server.PostAsync("/workflows/ask");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.TextAsync());
        await server.RunAsync(started.RunId(), "Suspended");
        return (started.RunId(), (await server.GetJsonAsync("/api/approvals")).GetProperty("items")[0].GetProperty("id").GetString()!);
    }

    /// <summary>What the activity gave, once the run has ended.</summary>
    private static async Task<JsonElement> ResultAsync(ServerUnderTest server, string runId)
    {
        await server.RunAsync(runId, "Finished");
        var executions = await server.Services.GetRequiredService<IRunStore>().GetExecutionsAsync(runId, null, Cancellation);
        return executions.Last(execution => execution.ActivityId == "approval").Outputs["Result"];
    }

    private static Task<DecisionOutcome> DecideAsync(ServerUnderTest server, string id, string name, string role = "operator", string? userId = null)
    {
        var context = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, role), .. userId is null ? [] : new[] { new Claim(ClaimTypes.NameIdentifier, userId) }], "test")) };
        return server.Services.GetRequiredService<ApprovalInbox>().DecideAsync(id, isApproval: true, null, context);
    }

    private static async Task<string> OpenAsync(ServerUnderTest server, string path)
    {
        using var page = await server.GetAsync(path);
        var html = await page.TextAsync();
        page.StatusCode.ShouldBe(HttpStatusCode.OK, html);
        html.ShouldNotContain("<script>");
        html.ShouldNotContain("style=");
        return TokenPattern().Match(html).Groups[1].Value;
    }

    private static async Task<HttpResponseMessage> PostFormAsync(ServerUnderTest server, string path, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        return await server.Client.SendAsync(request, Cancellation);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
