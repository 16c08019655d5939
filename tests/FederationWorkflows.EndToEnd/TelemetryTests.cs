using System.Text;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Server.Tests.Telemetry;

namespace FederationWorkflows.EndToEnd;

/// <summary>What a collector gets to see of the shipped story.</summary>
[Collection("Telemetry")]
public sealed class TelemetryTests
{
    [Fact]
    public async Task The_trace_of_the_shipped_story_names_clouds_role_and_principals_and_holds_no_token_or_key()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        string runId;
        string key;
        await using (var federated = await Federated.StartAsync(LabWorld.Default, _ => { }, settings => settings["Telemetry:Endpoint"] = collector.Address))
        {
            (_, _, runId) = await federated.SendIncidentAsync();
            key = federated.Lab.Google.ServiceAccountKeyFile(DefaultGoogleWorld.Runner).Reveal();
        }

        var run = collector.Spans().Where(span => span.TraceId == runId).ToArray();
        var assume = run.Single(span => span.Name == "Aws.AssumeRoleWithWebIdentity");
        assume.Attributes["fedflow.cloud"].ShouldBe("aws");
        assume.Attributes["fedflow.cloud.operation"].ShouldBe("sts:AssumeRoleWithWebIdentity");
        assume.Attributes["fedflow.cloud.role"].ShouldStartWith("arn:aws:iam::111122223333:role/");
        run.Single(span => span.Name == "Aws.ListBuckets").Attributes["fedflow.cloud.principal"].ShouldStartWith("arn:aws:sts::111122223333:assumed-role/");
        var mint = run.Single(span => span.Name == "Google.MintIdToken");
        (mint.Attributes["fedflow.cloud"], mint.Attributes["fedflow.cloud.operation"]).ShouldBe(("google", "iamcredentials.generateIdToken"));
        mint.Attributes["fedflow.cloud.principal"].ShouldContain(".iam.gserviceaccount.com");
        run.Where(span => span.Attributes.ContainsKey("server.address")).Select(span => (span.Attributes["fedflow.destination"], span.Attributes["http.response.status_code"], Parent(run, span)))
            .ShouldBe(
                [("google", "200", "Google.GetAccessToken"), ("google", "200", "Google.MintIdToken"), ("aws", "200", "Aws.AssumeRoleWithWebIdentity"), ("aws", "200", "Aws.ListBuckets")],
                ignoreOrder: true);

        collector.Points().Where(point => point.Name == "fedflow.token.exchanges").Select(point => (point.Attributes["fedflow.cloud"], point.Attributes["fedflow.outcome"], point.Value))
            .ShouldBe([("google", "ok", 1), ("google", "ok", 1), ("aws", "ok", 1)], ignoreOrder: true);
        var exported = Encoding.Latin1.GetString([.. collector.Requests.SelectMany(request => request.Body)]);
        exported.ShouldNotMatch("eyJ[A-Za-z0-9_-]{8,}");
        var lines = key.Split("\\n").Where(line => line.Length >= 60 && !line.Contains(' ', StringComparison.Ordinal)).ToArray();
        lines.Length.ShouldBeGreaterThan(10);
        foreach (var line in lines)
        {
            exported.ShouldNotContain(line[..40]);
        }
    }

    private static string Parent(ReceivedSpan[] spans, ReceivedSpan of) => spans.Single(span => span.SpanId == of.ParentId).Name;
}
