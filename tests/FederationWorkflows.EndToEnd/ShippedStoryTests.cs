using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.EndToEnd;

/// <summary>The shipped stories on a server, against the CloudLab, with the connections and secrets that the demo gives them.</summary>
public sealed class ShippedStoryTests
{
    private const string LeakedKey = "AKIALABBUILDAGENT001";

    private static readonly ClaimsPrincipal Ann = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ann"), new Claim(ClaimTypes.Role, "administrator")], "test"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Incident_response_contains_a_leaked_key_keeps_evidence_asks_and_tells()
    {
        await using var shipped = await Shipped.StartAsync("incident-response");

        var (status, runId) = await shipped.AlertAsync("INC-2041");
        status.ShouldBe(HttpStatusCode.Accepted);
        var approval = await shipped.ApprovalAsync(runId!);
        shipped.KeyStatus().ShouldBe("Inactive");
        approval.GetProperty("title").GetString().ShouldBe($"INC-2041: keep {LeakedKey} of build-agent switched off?");
        shipped.Lab.Sinks.Requests("incident-chat").ShouldBeEmpty();
        await shipped.DecideAsync(approval, "approve");
        await shipped.EndAsync(runId!, WorkflowSubStatus.Finished);

        var told = Body(shipped.Lab.Sinks.Requests("incident-chat").ShouldHaveSingleItem());
        told.GetProperty("decision").GetString().ShouldBe("Approved");
        told.GetProperty("user").GetString().ShouldBe("build-agent");
        told.GetProperty("evidence").GetString().ShouldBe($"s3://security-lab-incident-evidence/INC-2041/{runId}/containment.json");
        var written = shipped.Event("PutObject");
        written.ErrorCode.ShouldBeNull();
        JsonSerializer.Serialize(written).ShouldContain("evidence-collector");
        JsonSerializer.Serialize(shipped.Event("TagUser")).ShouldContain("quarantine=true, incident=INC-2041");

        // The same alert again, signed anew, is the same run.
        (await shipped.AlertAsync("INC-2041")).RunId.ShouldBe(runId);
        shipped.Lab.Events.Snapshot().Count(e => e.EventName == "UpdateAccessKey").ShouldBe(1);
    }

    [Fact]
    public async Task Incident_response_takes_back_what_a_person_rejects()
    {
        await using var shipped = await Shipped.StartAsync("incident-response");

        var (_, runId) = await shipped.AlertAsync("INC-7");
        await shipped.DecideAsync(await shipped.ApprovalAsync(runId!), "reject");
        await shipped.EndAsync(runId!, WorkflowSubStatus.Finished);

        shipped.KeyStatus().ShouldBe("Active");
        JsonSerializer.Serialize(shipped.Lab.Events.Snapshot().Last(e => e.EventName == "TagUser")).ShouldContain("quarantine=false");
        Body(shipped.Lab.Sinks.Requests("incident-chat").ShouldHaveSingleItem()).GetProperty("decision").GetString().ShouldBe("Rejected");
    }

    [Fact]
    public async Task Incident_response_hears_nobody_who_does_not_sign()
    {
        await using var shipped = await Shipped.StartAsync("incident-response");

        (await shipped.AlertAsync("INC-2041", key: "0000")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        shipped.Lab.Events.Snapshot().ShouldBeEmpty();
        shipped.KeyStatus().ShouldBe("Active");
    }

    [Fact]
    public async Task Incident_response_fails_when_nobody_was_told_and_can_be_retried_from_there()
    {
        await using var shipped = await Shipped.StartAsync("incident-response");
        shipped.Lab.Sinks.Script("incident-chat", new SinkAnswer { Status = 404 });

        var (_, runId) = await shipped.AlertAsync("INC-2041");
        await shipped.DecideAsync(await shipped.ApprovalAsync(runId!), "approve");
        var incident = (await shipped.EndAsync(runId!, WorkflowSubStatus.Faulted)).ShouldHaveSingleItem();

        incident.ActivityId.ShouldBe("unheard");
        incident.Message.ShouldBe("The notification was not taken by its receiver. Look at the step before, then retry this run.");
        shipped.KeyStatus().ShouldBe("Inactive");
    }

    [Fact]
    public async Task Scheduled_inventory_tells_what_is_new_once_and_then_only_what_changes()
    {
        await using var shipped = await Shipped.StartAsync("scheduled-inventory");

        await shipped.RunAsync("scheduled-inventory", "everyMorning");
        await shipped.RunAsync("scheduled-inventory", "everyMorning");

        var told = Body(shipped.Lab.Sinks.Requests("inventory-chat").ShouldHaveSingleItem());
        told.GetProperty("accounts").GetInt32().ShouldBe(2);
        Texts(told.GetProperty("added")).ShouldBe(
            ["security-lab-cloudtrail-logs", "security-lab-guardduty-findings", "security-lab-incident-evidence", "security-lab-inventory", "security-lab-vpc-flow-logs", "forensics-disk-images"]);
        Texts(told.GetProperty("removed")).ShouldBeEmpty();
        shipped.Lab.Events.Snapshot().Count(e => e.EventName == "AssumeRole").ShouldBe(4, "each account's reader, each time");
    }

    [Fact]
    public async Task Scheduled_inventory_tells_what_is_gone_since_last_time()
    {
        var last = """[{"account":"111122223333","buckets":["security-lab-cloudtrail-logs","security-lab-guardduty-findings","security-lab-incident-evidence","security-lab-inventory","security-lab-old"]},{"account":"444455556666","buckets":["forensics-disk-images"]}]""";
        await using var shipped = await Shipped.StartAsync(
            "scheduled-inventory", LabWorld.Default.Bucket("security-lab-inventory", bucket => bucket with { Objects = [new AwsObject { Key = "buckets/latest.json", Content = last }] }));

        await shipped.RunAsync("scheduled-inventory", "everyMorning");

        var told = Body(shipped.Lab.Sinks.Requests("inventory-chat").ShouldHaveSingleItem());
        Texts(told.GetProperty("added")).ShouldBe(["security-lab-vpc-flow-logs"]);
        Texts(told.GetProperty("removed")).ShouldBe(["security-lab-old"]);
    }

    [Fact]
    public async Task Scheduled_inventory_names_the_account_whose_reader_refuses_and_remembers_nothing()
    {
        await using var shipped = await Shipped.StartAsync("scheduled-inventory", changeStory: story => story.Set("accounts", new JsonArray("111122223333", "444455556666", "777788889999")));

        var incident = (await shipped.RunAsync("scheduled-inventory", "everyMorning", WorkflowSubStatus.Faulted)).ShouldHaveSingleItem();

        incident.ActivityId.ShouldBe("becomeReader");
        incident.Message.ShouldContain("AccessDenied");
        incident.Message.ShouldContain("arn:aws:iam::777788889999:role/inventory-reader");
        shipped.Lab.Sinks.Requests("inventory-chat").ShouldBeEmpty();
        shipped.Lab.Events.Snapshot().ShouldNotContain(e => e.EventName == "PutObject");
    }

    [Fact]
    public async Task Key_rotation_report_finds_old_keys_of_both_clouds_and_no_others()
    {
        await using var shipped = await Shipped.StartAsync("key-rotation-report");

        await shipped.RunAsync("key-rotation-report", "everyMonday");

        var report = Body(shipped.Lab.Sinks.Requests("security-reports").ShouldHaveSingleItem());
        report.GetProperty("olderThanDays").GetInt32().ShouldBe(90);
        report.GetProperty("keys").EnumerateArray().Select(key => $"{key.GetProperty("cloud").GetString()}: {key.GetProperty("owner").GetString()}, {key.GetProperty("status").GetString()}").ShouldBe(
            ["AWS: report-exporter, Inactive", "Google Cloud: legacy-exporter@security-automation.iam.gserviceaccount.com, Active", "AWS: build-agent, Active"]);
        shipped.Lab.Events.Snapshot().ShouldNotContain(e => e.EventName == "CreateAccessKey");
    }

    [Fact]
    public async Task Key_rotation_report_says_which_cloud_does_not_let_it_look()
    {
        await using var shipped = await Shipped.StartAsync("key-rotation-report", LabWorld.Default.Account("key-auditor", account => account with { IamPolicy = new IamPolicy() }));

        var incident = (await shipped.RunAsync("key-rotation-report", "everyMonday", WorkflowSubStatus.Faulted)).ShouldHaveSingleItem();

        incident.ActivityId.ShouldBe("becomeGoogleAuditor");
        incident.Message.ShouldContain("PERMISSION_DENIED");
        incident.Message.ShouldContain(DefaultGoogleWorld.KeyAuditor);
        shipped.Lab.Sinks.Requests("security-reports").ShouldBeEmpty();
    }

    private static JsonElement Body(SinkRequest request) => JsonDocument.Parse(request.Body).RootElement;

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];

    /// <summary>One of the shipped stories, and who calls it.</summary>
    private sealed class Shipped(Federated federated, LabSecrets secrets) : IAsyncDisposable
    {
        public CloudLabServer Lab => federated.Lab;

        public static async Task<Shipped> StartAsync(string story, LabWorld? world = null, Action<JsonNode>? changeStory = null)
        {
            var federated = await Federated.StartAsync(world ?? LabWorld.Default, changeStory ?? (_ => { }), story: story);
            var secrets = new LabSecrets(federated.Lab);
            foreach (var (name, value) in secrets.Values)
            {
                using var stored = await federated.Client.PostAsJsonAsync("elsa/api/secrets", new { name, value }, Cancel);
                stored.EnsureSuccessStatusCode();
            }

            return new Shipped(federated, secrets);
        }

        public async Task<(HttpStatusCode Status, string? RunId)> AlertAsync(string incident, string? key = null)
        {
            var body = JsonSerializer.Serialize(new { id = incident, accessKeyId = LeakedKey });
            var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            using var request = new HttpRequestMessage(HttpMethod.Post, "workflows/alerts") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Add("x-time", time);
            request.Headers.Add("x-signature", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key ?? secrets.Values[LabSecrets.SigningKey]), Encoding.UTF8.GetBytes($"{time}.{body}"))));
            using var answer = await federated.Client.SendAsync(request, Cancel);
            return (answer.StatusCode, answer.Headers.TryGetValues("x-elsa-workflow-instance-id", out var ids) ? ids.Single() : null);
        }

        /// <summary>What a run asks people, once it does.</summary>
        public async Task<JsonElement> ApprovalAsync(string runId)
        {
            await federated.Services.GetRequiredService<WorkflowRuntime>().RestOfAsync(runId).WaitAsync(TimeSpan.FromMinutes(2), Cancel);
            return (await federated.GetAsync("api/approvals")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        }

        public async Task DecideAsync(JsonElement approval, string decision)
        {
            using var answer = await federated.Client.PostAsJsonAsync($"api/approvals/{approval.GetProperty("id").GetString()}/decide", new { decision, reason = "seen" }, Cancel);
            answer.EnsureSuccessStatusCode();
        }

        /// <summary>Starts the story as its schedule does, and waits until it has ended.</summary>
        /// <returns>What went wrong.</returns>
        public async Task<IReadOnlyList<(string ActivityId, string Message)>> RunAsync(string story, string trigger, WorkflowSubStatus expected = WorkflowSubStatus.Finished)
        {
            var handle = await federated.Services.GetRequiredService<WorkflowRuntime>().StartAsync(new StartRequest(story) { TriggerActivityId = trigger }, Ann, Cancel);
            await handle.Rest.WaitAsync(Cancel);
            return await EndAsync(handle.RunId, expected);
        }

        /// <summary>Waits until the run has ended.</summary>
        /// <returns>What went wrong.</returns>
        public async Task<IReadOnlyList<(string ActivityId, string Message)>> EndAsync(string runId, WorkflowSubStatus expected)
        {
            var run = await federated.EndOfAsync(runId);
            var incidents = run.GetProperty("workflowState").GetProperty("incidents").EnumerateArray()
                .Select(incident => (incident.GetProperty("activityId").GetString()!, incident.GetProperty("exception").GetProperty("message").GetString()!)).ToList();
            run.GetProperty("subStatus").GetString().ShouldBe(expected.ToString(), string.Join("; ", incidents));
            return incidents;
        }

        /// <summary>The leaked key's status, as the lab was last told.</summary>
        public string KeyStatus() =>
            Lab.Events.Snapshot().LastOrDefault(e => e is { EventName: "UpdateAccessKey", ErrorCode: null })?.RequestParameters?["status"]?.GetValue<string>() ?? "Active";

        public LabEvent Event(string name) => Lab.Events.Snapshot().Where(e => e.EventName == name).ShouldHaveSingleItem();

        public async ValueTask DisposeAsync() => await federated.DisposeAsync();
    }
}
