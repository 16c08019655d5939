using System.Collections.Concurrent;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Broker;

/// <summary>Connections of roles that are reached from AWS: from the key of a profile to a role, from there to others, in three accounts of a CloudLab.</summary>
public sealed class RoleChainTests : IAsyncLifetime, IExchangeObserver
{
    private const string Key = "AKIACHAINOPERATOR001";
    private const string Secret = "chainOperatorSecretchainOperatorSecret01";

    private static readonly (string Key, string? Value)[] Chain =
    [
        ("Connections:desk:Kind", "awsProfile"), ("Connections:desk:Profile", "operator"),
        ("Connections:hub:Kind", "awsRole"), ("Connections:hub:RoleArn", "arn:aws:iam::111122223333:role/hub"), ("Connections:hub:Source", "desk"), ("Connections:hub:SessionName", "{connection}-{story}"),
        ("Connections:spoke:Kind", "awsRole"), ("Connections:spoke:RoleArn", "arn:aws:iam::444455556666:role/spoke"), ("Connections:spoke:Source", "hub"), ("Connections:spoke:ExternalId", "case-2041"),
        ("Connections:leaf:Kind", "awsRole"), ("Connections:leaf:RoleArn", "arn:aws:iam::777788889999:role/leaf"), ("Connections:leaf:Source", "spoke"), ("Connections:leaf:Stories:0", "story"),
    ];

    private readonly ConcurrentQueue<ExchangeReport> told = new();

    private CloudLabServer? lab;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => lab = await CloudLabServer.StartAsync(new CloudLabOptions { World = LabWorld.Parse(World) }, Cancel);

    public ValueTask DisposeAsync() => lab!.DisposeAsync();

    [Fact]
    public async Task A_story_reaches_a_role_over_two_others_by_one_connection()
    {
        using var host = Host();
        var activities = new[]
        {
            Activity("Aws.GetCredentials", "get", ("connection", "leaf"), ("result", ">credentials")),
            Activity("Aws.GetCallerIdentity", "who", ("credentials", "$credentials"), ("result", ">caller")),
            Activity("Aws.ListBuckets", "list", ("credentials", "$credentials"), ("result", ">buckets")),
        };

        var story = (await RunAsync(host, activities, "credentials", "caller", "buckets")).ShouldFinish();
        (await RunAsync(host, activities, "credentials", "caller", "buckets")).ShouldFinish();

        story["caller"].ShouldBeOfType<CallerIdentity>().Arn.ShouldBe("arn:aws:sts::777788889999:assumed-role/leaf/story");
        story["buckets"].ShouldBeOfType<Bucket[]>().Select(static bucket => bucket.Name).ShouldBe(["leaf-evidence"]);
        lab!.Events.Snapshot().Count(static record => record.EventName == "AssumeRole").ShouldBe(3, "one for each role, for both runs");
        told.Select(static report => (report.Connection, report.Kind, report.Role, report.SessionName, report.Story, report.Outcome)).ShouldBe(
        [
            ("desk", "awsSource", null, null, "story", "ok"),
            ("hub", "awsRole", "arn:aws:iam::111122223333:role/hub", "hub-story", "story", "ok"),
            ("spoke", "awsRole", "arn:aws:iam::444455556666:role/spoke", "story", "story", "ok"),
            ("leaf", "awsRole", "arn:aws:iam::777788889999:role/leaf", "story", "story", "ok"),
        ]);
        told.First().AccessKeyId.ShouldBe(Key);
        told.Select(static report => report.AccessKeyId).Distinct().Count().ShouldBe(4);
        foreach (var everything in new[] { story.Saved.ToString(), story.Journal.ToString(), string.Join('\n', host.Log) })
        {
            everything.ShouldNotContain(Secret, Case.Sensitive);
        }
    }

    [Fact]
    public async Task A_refusal_on_the_way_is_that_of_the_role_on_the_way()
    {
        using var host = Host(("Connections:spoke:ExternalId", "case-1"));

        var story = await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "leaf"))]);

        story.ShouldFault("get").ShouldBe(
            "AWS STS refused sts:AssumeRole: AccessDenied (HTTP 403): User: arn:aws:sts::111122223333:assumed-role/hub/hub-story is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/spoke. "
            + "Both sides must agree, or the role does not exist. A policy of arn:aws:sts::111122223333:assumed-role/hub/hub-story must allow sts:AssumeRole on arn:aws:iam::444455556666:role/spoke, "
            + "and session policy, permissions boundary and service control policies must not take it away. The trust policy of arn:aws:iam::444455556666:role/spoke must allow sts:AssumeRole to the caller's role or account "
            + "as Principal.AWS, and an sts:ExternalId condition must fit the external id that was given.");
        told.Select(static report => (report.Connection, report.Outcome)).ShouldBe([("desk", "ok"), ("hub", "ok"), ("spoke", "AccessDenied"), ("leaf", "AccessDenied")]);
    }

    [Fact]
    public async Task A_session_policy_on_the_way_narrows_the_way_too()
    {
        using var host = Host(("Connections:hub:SessionPolicy", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""));

        var story = await RunAsync(host, [Activity("Aws.GetCredentials", "get", ("connection", "leaf"))]);

        story.ShouldFault("get").ShouldContain(
            "because no session policy allows the sts:AssumeRole action. The side that asks lacks the right: allow sts:AssumeRole on arn:aws:iam::444455556666:role/spoke in a policy of arn:aws:sts::111122223333:assumed-role/hub/hub-story.");
    }

    [Fact]
    public async Task A_check_goes_the_whole_way_and_gives_nothing_that_could_do_anything()
    {
        using var host = Host();

        var report = await host.Services.GetRequiredService<ITokenBroker>().CheckAsync("leaf", Cancel);

        (report.Succeeded, report.SessionName, report.IsNarrowed).ShouldBe((true, "check-leaf", true));
        lab!.Events.Snapshot().Select(static record => record.EventName).ShouldBe(["AssumeRole", "AssumeRole", "AssumeRole"]);
    }

    ValueTask IExchangeObserver.OnExchangedAsync(ExchangeReport report, CancellationToken cancellationToken)
    {
        told.Enqueue(report);
        return ValueTask.CompletedTask;
    }

    private FederationHost Host(params (string Key, string? Value)[] changes)
    {
        var host = new FederationHost(
            [("Endpoints:Aws", lab!.BaseAddress.ToString()), .. Chain.Where(setting => !changes.Any(change => change.Key == setting.Key)), .. changes],
            static _ => null,
            new HurriedTime(),
            configure: services => services.AddSingleton<IExchangeObserver>(this));
        Directory.CreateDirectory(Path.Combine(host.Home, ".aws"));
        File.WriteAllText(Path.Combine(host.Home, ".aws", "credentials"), $"[operator]\naws_access_key_id = {Key}\naws_secret_access_key = {Secret}\n");
        return host;
    }

    private static string Trust(string principal, string condition = "{}") =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{principal}}"},"Action":"sts:AssumeRole","Condition":{{condition}} }]}""";

    private static string May(string action, string resource) =>
        $$"""[{"name":"may","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}]} }]""";

    private static string World => $$"""
        {"google":{},"aws":{"accounts":[
          {"id":"111122223333",
           "users":[{"name":"operator","accessKeys":[{"id":"{{Key}}","secret":"{{Secret}}"}],"policies":{{May("sts:AssumeRole", "arn:aws:iam::111122223333:role/hub")}} }],
           "roles":[{"name":"hub","trustPolicy":{{Trust("arn:aws:iam::111122223333:user/operator")}},"policies":{{May("sts:AssumeRole", "arn:aws:iam::444455556666:role/spoke")}} }]},
          {"id":"444455556666",
           "roles":[{"name":"spoke","trustPolicy":{{Trust("arn:aws:iam::111122223333:role/hub", """{"StringEquals":{"sts:ExternalId":"case-2041"}}""")}},"policies":{{May("sts:AssumeRole", "arn:aws:iam::777788889999:role/leaf")}} }]},
          {"id":"777788889999",
           "roles":[{"name":"leaf","trustPolicy":{{Trust("arn:aws:iam::444455556666:role/spoke")}},"policies":{{May("s3:ListAllMyBuckets", "*")}} }],
           "buckets":[{"name":"leaf-evidence"}]}
        ]} }
        """;
}
