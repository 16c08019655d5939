using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Tests.Federation;

/// <summary>An author of stories tries to use a connection that is not for him: <c>vault</c> is for the story <c>trusted</c> and for operators.</summary>
public sealed class ConnectionAttackTests
{
    private const string Refusal = "The connection 'vault' is for people with the role operator or administrator, and eve has author. Somebody with such a role publishes and starts the story, or an administrator adds a role to Federation:Connections:vault:Roles.";

    private static readonly Dictionary<string, string?> Settings = new()
    {
        // Nothing listens there: who gets so far has passed every rule.
        ["Federation:Endpoints:GoogleToken"] = "http://127.0.0.1:9/token",
        ["Federation:Connections:vault:Kind"] = "authorizedUser",
        ["Federation:Connections:vault:Json"] = """{"type":"authorized_user","client_id":"c","client_secret":"CANARYsecret","refresh_token":"CANARYtoken"}""",
        ["Federation:Connections:vault:Stories:0"] = "trusted",
        ["Federation:Connections:vault:Roles:0"] = "operator",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task He_publishes_no_story_that_names_it_in_whatever_way()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        using var eve = await server.UserAsync(ann, "eve", "author");

        (await SaveAsync(eve, Uses("mine"), publish: true)).ShouldBe((HttpStatusCode.BadRequest, Refusal));
        (await SaveAsync(eve, Uses("trusted"), publish: true)).ShouldBe((HttpStatusCode.BadRequest, Refusal));
        (await SaveAsync(eve, Uses("trusted", "VAULT"), publish: true)).Detail.ShouldBe(Refusal);
        (await SaveAsync(eve, Uses("trusted"), publish: false)).Status.ShouldBe(HttpStatusCode.OK, "a draft runs nothing");
        (await PostAsync(eve, "/elsa/api/workflow-definitions/trusted/publish")).ShouldBe((HttpStatusCode.BadRequest, Refusal));
        (await PostAsync(eve, "/elsa/api/bulk-actions/publish/workflow-definitions/by-definition-ids", new { definitionIds = new[] { "trusted" } })).Detail.ShouldContain(Refusal);
        (await PostAsync(ann, "/elsa/api/workflow-definitions/trusted/publish")).Status.ShouldBe(HttpStatusCode.OK);
        (await SaveAsync(eve, Uses("other", "nobody-has-defined-it"), publish: true)).Detail.ShouldBe(
            "There is no connection 'nobody-has-defined-it' on this server. An administrator defines it before others publish or start a story that names it; or correct its name.");
    }

    [Fact]
    public async Task He_starts_tries_repeats_and_retries_nothing_that_uses_it()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        using var eve = await server.UserAsync(ann, "eve", "author");
        using var mallory = await server.UserAsync(ann, "mallory", "author", "operator");
        (await SaveAsync(ann, Uses("trusted"), publish: true)).Status.ShouldBe(HttpStatusCode.OK);
        (await SaveAsync(eve, Uses("draft"), publish: false)).Status.ShouldBe(HttpStatusCode.OK);

        (await PostAsync(eve, "/elsa/api/workflow-definitions/trusted/execute")).ShouldBe((HttpStatusCode.Forbidden, Refusal));
        (await PostAsync(eve, "/elsa/api/workflow-definitions/trusted/dispatch", new { triggerActivityId = "use" })).ShouldBe((HttpStatusCode.Forbidden, Refusal));
        (await PostAsync(eve, "/elsa/api/workflow-definitions/draft/execute", new { versionOptions = "Latest" })).ShouldBe((HttpStatusCode.Forbidden, Refusal));
        (await PostAsync(eve, "/elsa/api/tests/activities", new { workflowDefinitionHandle = new { definitionId = "trusted" }, activityHandle = new { activityId = "use" } })).ShouldBe((HttpStatusCode.Forbidden, Refusal));

        // Who has the role gets as far as the cloud, but not from another story.
        var run = await StartAsync(server, mallory, "trusted");
        run.ShouldContain("no usable answer from Google's OAuth token endpoint");
        (await StartAsync(server, mallory, "draft", "Latest")).ShouldStartWith("connection 'vault': story 'draft' may not use it.");
    }

    [Fact]
    public async Task Another_story_s_name_in_another_case_is_another_story()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        (await SaveAsync(ann, Uses("Trusted"), publish: true)).Status.ShouldBe(HttpStatusCode.OK);

        (await StartAsync(server, ann, "Trusted")).ShouldStartWith("connection 'vault': story 'Trusted' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:vault:Stories");
    }

    [Fact]
    public async Task A_story_that_calls_the_trusted_one_is_refused_there_when_he_starts_it()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        using var eve = await server.UserAsync(ann, "eve", "author");
        (await SaveAsync(ann, Uses("trusted"), publish: true)).Status.ShouldBe(HttpStatusCode.OK);
        var caller = Stories.Of("caller", [Stories.Activity("Elsa.ExecuteWorkflow", "call", ("workflowDefinitionId", Stories.Literal("trusted")), ("waitForCompletion", Stories.Literal(true)))]);
        (await SaveAsync(eve, caller, publish: true)).Status.ShouldBe(HttpStatusCode.OK);

        (await StartAsync(server, eve, "caller")).ShouldContain("the run of story 'trusted' was started, or let go on, by hand by somebody who has the role author only");
        (await StartAsync(server, ann, "caller")).ShouldContain("no usable answer from Google's OAuth token endpoint");
    }

    [Fact]
    public async Task He_sees_what_there_is_and_checks_nothing()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        using var eve = await server.UserAsync(ann, "eve", "author");
        using var victor = await server.UserAsync(ann, "victor", "viewer");

        var seen = (await eve.JsonAsync("/api/connections/vault")).ToString();
        seen.ShouldContain("\"google-personal-login\"");
        seen.ShouldNotContain("CANARY");
        (await victor.StatusAsync("/api/connections")).ShouldBe(HttpStatusCode.Forbidden);
        (await PostAsync(eve, "/api/connections/vault/check")).Status.ShouldBe(HttpStatusCode.Forbidden);
        using var withoutToken = new FormUrlEncodedContent(new Dictionary<string, string> { ["wanted"] = "yes" });
        using var forged = await ann.PostAsync(new Uri("/federation/vault/check", UriKind.Relative), withoutToken, Cancel);
        forged.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(ann, "/api/connections/vault/check")).Status.ShouldBe(HttpStatusCode.OK);
        (await PostAsync(ann, "/api/connections/vault/check")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await ann.StatusAsync("/federation")).ShouldBe(HttpStatusCode.OK);
        (await ann.StatusAsync("/federation/vault")).ShouldBe(HttpStatusCode.OK);
        (await ann.StatusAsync("/federation/nothing")).ShouldBe(HttpStatusCode.NotFound);
        var recorded = (await ann.JsonAsync("/api/audit?action=connection.")).ToString();
        recorded.ShouldContain("connection.exchange");
        recorded.ShouldContain("connection.check");
        recorded.ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task A_role_that_there_is_not_keeps_the_server_from_starting()
    {
        var settings = new Dictionary<string, string?>(Settings) { ["Federation:Connections:vault:Roles:1"] = "janitor" };

        var error = await Should.ThrowAsync<OptionsValidationException>(async () =>
        {
            await using var server = await Accounts.StartAsync(settings: settings);
        });

        error.Failures.ShouldBe(["Federation:Connections:vault:Roles:1 is no role: give one of viewer, author, operator, administrator."]);
    }

    [Fact]
    public async Task The_problems_of_a_story_tell_that_its_runs_will_be_refused()
    {
        await using var server = await Accounts.StartAsync(settings: Settings);
        using var ann = await server.AdministratorAsync();
        (await SaveAsync(ann, Uses("mine"), publish: false)).Status.ShouldBe(HttpStatusCode.OK);

        var problem = (await ann.JsonAsync("/api/definitions/mine/problems?versionOptions=Latest")).GetProperty("items").EnumerateArray().Single();

        (problem.GetProperty("code").GetString(), problem.GetProperty("severity").GetString(), problem.GetProperty("path").GetString())
            .ShouldBe(("connection-not-for-story", "Warning", "$.root.activities[0].connection"));
    }

    private static JsonObject Uses(string id, string connection = "vault") =>
        Stories.Of(id, [Stories.Activity("Google.GetAccessToken", "use", ("connection", Stories.Literal(connection)))]);

    private static Task<(HttpStatusCode Status, string Detail)> SaveAsync(HttpClient client, JsonObject story, bool publish) =>
        PostAsync(client, "/elsa/api/workflow-definitions", new JsonObject { ["model"] = story.DeepClone(), ["publish"] = publish });

    private static async Task<(HttpStatusCode Status, string Detail)> PostAsync(HttpClient client, string path, object? body = null)
    {
        using var answer = await client.PostAsJsonAsync(path, body ?? new { }, Cancel);
        var text = await answer.TextAsync();
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : DetailOf(text));
    }

    /// <summary>The problem's text, without where in the story it is.</summary>
    private static string DetailOf(string text)
    {
        using var problem = JsonDocument.Parse(text);
        var detail = problem.RootElement.GetProperty("detail").GetString()!;
        return detail[(detail.IndexOf("]: ", StringComparison.Ordinal) is var at and > 0 && detail.StartsWith('$') ? at + 3 : 0)..];
    }

    /// <summary>Starts a run and waits until it has failed.</summary>
    /// <returns>Why it has.</returns>
    private static async Task<string> StartAsync(ServerUnderTest server, HttpClient client, string story, string version = "Published")
    {
        using var answer = await client.PostAsJsonAsync($"/elsa/api/workflow-definitions/{story}/execute", new { versionOptions = version }, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        for (var id = answer.RunId(); ;)
        {
            var run = await client.JsonAsync($"/elsa/api/workflow-instances/{id}");
            if (run.GetProperty("subStatus").GetString() == "Faulted")
            {
                return run.GetProperty("workflowState").GetProperty("incidents")[0].GetProperty("message").GetString()!;
            }

            run.GetProperty("status").GetString().ShouldBe("Running");
            await Task.Delay(10, Cancel);
        }
    }
}
