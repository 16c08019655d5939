using System.Net;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow demo</c> as a new user meets it.</summary>
public sealed class DemoTests : TestFolder
{
    private const string Role = "arn:aws:sts::111122223333:assumed-role/incident-responder/112233445566778899001";

    private static readonly string[] Buckets = ["security-lab-cloudtrail-logs", "security-lab-guardduty-findings", "security-lab-incident-evidence", "security-lab-inventory", "security-lab-vpc-flow-logs"];

    [Fact]
    public async Task Once_shows_where_it_listens_each_step_and_the_buckets_and_exits_0()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "demo", "--once");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        output.ShouldContain("Server    http://127.0.0.1:");
        output.ShouldContain("CloudLab  http://127.0.0.1:");
        output.Split('\n').Where(line => line.StartsWith('✓')).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]).ShouldBe(
            ["receiveIncident", "getAccessToken", "mintIdToken", "decodeIdToken", "assumeRole", "listBuckets", "respond"]);
        output.ShouldContain(Role);
        Buckets.ShouldAllBe(bucket => output.Contains(bucket, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_is_one_object_also_behind_a_proxy_that_does_not_reach_this_machine()
    {
        await using var demo = Fedflow.Start(Folder, new Dictionary<string, string> { ["HTTP_PROXY"] = "http://127.0.0.1:9", ["http_proxy"] = "http://127.0.0.1:9" }, "demo", "--once", "--json");

        (await demo.ExitAsync()).ShouldBe(0, demo.Output + demo.Error);

        var result = Fedflow.Json(demo.Output);
        result.EnumerateObject().Select(property => property.Name).ShouldBe(["status", "steps", "assumedRoleArn", "buckets"]);
        result.GetProperty("status").GetString().ShouldBe("Finished");
        result.GetProperty("assumedRoleArn").GetString().ShouldBe(Role);
        result.GetProperty("buckets").EnumerateArray().Select(bucket => bucket.GetProperty("name").GetString()).ShouldBe(Buckets, ignoreOrder: true);
        var steps = result.GetProperty("steps").EnumerateArray().ToArray();
        steps.Length.ShouldBe(7);
        steps.ShouldAllBe(step => step.EnumerateObject().Select(property => property.Name).SequenceEqual(new[] { "activity", "type", "status", "durationMs" }));
        steps.ShouldAllBe(step => step.GetProperty("status").GetString() == "Completed" && step.GetProperty("durationMs").GetDouble() >= 0);
        demo.Output.ShouldNotContain("eyJ", Case.Sensitive, "a token would begin like this");
    }

    [Fact]
    public async Task It_keeps_serving_until_Ctrl_C_and_ends_cleanly()
    {
        await using var demo = Fedflow.Start(Folder, "demo");
        var webhook = (await demo.LineAsync("POST ")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        await demo.LineAsync("Ctrl-C ends the demo.");

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(webhook), body, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("buckets").GetArrayLength().ShouldBe(Buckets.Length);

        await demo.InterruptAsync();
        (await demo.ExitAsync()).ShouldBe(0);
        demo.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Ctrl_C_before_the_table_ends_it_with_130()
    {
        await using var demo = Fedflow.Start(Folder, "demo");
        await demo.LineAsync("Server ");
        await demo.InterruptAsync();
        (await demo.ExitAsync()).ShouldBe(130);
        demo.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Help_says_how_it_ends()
    {
        var (code, output, _) = await Fedflow.RunAsync(Folder, "demo", "--help");
        code.ShouldBe(0);
        output.ShouldContain("Exit code 0 when the story finished, also after Ctrl-C; 1 when it failed; 130 when Ctrl-C came before.");
    }
}
