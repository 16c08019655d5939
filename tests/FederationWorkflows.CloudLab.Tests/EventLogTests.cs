using System.Text.Json.Nodes;

namespace FederationWorkflows.CloudLab.Tests;

public sealed class EventLogTests
{
    [Fact]
    public async Task The_log_says_who_did_what_with_which_claims_and_holds_no_secret()
    {
        await using var lab = await TestLab.StartAsync();
        var token = TestIssuer.Sign(lab.Claims());
        var answer = await lab.PostAsync(TestLab.AssumeForm(token));
        await answer.Client(lab, "s3").SendAsync(HttpMethod.Put, "/security-lab-incident-evidence/a", "x"u8.ToArray());

        var text = await lab.Http.GetStringAsync(new Uri("/lab/events", UriKind.Relative), TestLab.Cancel);

        var records = JsonNode.Parse(text)!["Records"]!.AsArray();
        var assumed = records[0]!;
        assumed["eventName"]!.GetValue<string>().ShouldBe("AssumeRoleWithWebIdentity");
        assumed["eventSource"]!.GetValue<string>().ShouldBe("sts.amazonaws.com");
        assumed["userIdentity"]!["type"]!.GetValue<string>().ShouldBe("WebIdentityUser");
        assumed["userIdentity"]!["claims"]!["accounts.google.com:oaud"]!.GetValue<string>().ShouldBe(TestLab.Audience);
        assumed["requestParameters"]!["roleArn"]!.GetValue<string>().ShouldBe(TestLab.Role);
        assumed["responseElements"]!["assumedRoleUser"]!["arn"]!.GetValue<string>().ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
        assumed["sourceIPAddress"]!.GetValue<string>().ShouldBe("127.0.0.1");
        var denied = records[1]!;
        denied["eventName"]!.GetValue<string>().ShouldBe("PutObject");
        denied["userIdentity"]!["sessionIssuer"]!.GetValue<string>().ShouldBe(TestLab.Role);
        denied["errorCode"]!.GetValue<string>().ShouldBe("AccessDenied");
        denied["explanation"]!.GetValue<string>().ShouldStartWith("SeeBuckets: the action is not named");
        foreach (var secret in new[] { token, token.Split('.')[2], answer["SecretAccessKey"]!, answer["SessionToken"]! })
        {
            text.ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task The_log_keeps_the_latest_events_only()
    {
        await using var lab = await TestLab.StartAsync(maximumEvents: 2);
        foreach (var name in new[] { "first-session", "second-session", "third-session" })
        {
            await lab.AssumeAsync(change: form => form["RoleSessionName"] = name);
        }

        lab.Server.Events.Snapshot().Select(static record => record.RequestParameters!["roleSessionName"]!.GetValue<string>()).ShouldBe(["second-session", "third-session"]);
    }

    [Fact]
    public async Task The_lab_says_that_it_is_well_and_where_clients_find_it()
    {
        await using var lab = await TestLab.StartAsync();

        (await lab.Http.GetStringAsync(new Uri("/lab/health", UriKind.Relative), TestLab.Cancel)).ShouldBe("""{"status":"Healthy"}""");
        lab.Server.EnvironmentVariables["AWS_ENDPOINT_URL"].ShouldBe($"http://127.0.0.1:{lab.Server.BaseAddress.Port}");
        lab.Server.EnvironmentVariables["GCE_METADATA_HOST"].ShouldBe($"127.0.0.1:{lab.Server.BaseAddress.Port}");
    }
}
