using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Broker;

/// <summary>What stories get of connections, and what they do not get.</summary>
public sealed class TokenBrokerTests
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";

    private static readonly string[] Cloud = [Credentials.CloudPlatform];

    private static readonly (string Key, string? Value)[] Settings =
    [
        ("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson), ("Connections:ops:Stories:0", "story"), ("Connections:ops:Roles:0", "operator"),
        ("Connections:prod:Kind", "awsRole"), ("Connections:prod:RoleArn", Role), ("Connections:prod:Source", "ops"), ("Connections:prod:Audience", "aws-prod"),
        ("Connections:prod:MaxDuration", "00:30:00"), ("Connections:prod:Stories:0", "story"),
        ("Connections:all:Kind", "metadataServer"), ("Connections:all:Stories:0", "*"), ("Connections:all:Roles:0", "Author"),
        ("Connections:none:Kind", "metadataServer"),
        ("Connections:named:Kind", "awsRole"), ("Connections:named:RoleArn", Role), ("Connections:named:Source", "ops"), ("Connections:named:Audience", "a"), ("Connections:named:Stories:0", "*"),
        ("Connections:named:SessionName", "{story}-{run}"), ("Connections:named:SessionPolicy", "{}"),
        ("Connections:scoped:Kind", "metadataServer"), ("Connections:scoped:Stories:0", "*"), ("Connections:scoped:Scopes:0", "openid"), ("Connections:scoped:Scopes:1", "email"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string[], string?> Users => new()
    {
        { "ops", "story", [], null },
        { "ops", "Story", [], "connection 'ops': story 'Story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:ops:Stories of the host's configuration." },
        { "ops", "story ", [], "connection 'ops': story 'story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:ops:Stories of the host's configuration." },
        { "OPS", "story-2", [], "connection 'ops': story 'story-2' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:ops:Stories of the host's configuration." },
        { "ops", "*", [], "connection 'ops': story '*' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:ops:Stories of the host's configuration." },
        { "none", "story", [], "connection 'none': story 'story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:none:Stories of the host's configuration." },
        { "none", "story", ["administrator"], "connection 'none': story 'story' may not use it. An administrator who wants it to adds the story's id to Federation:Connections:none:Stories of the host's configuration." },
        { "all", "whatever", [], null },
        { "all", "whatever", ["author"], null },
        { "ops", "story", ["operator"], null },
        { "ops", "story", ["administrator"], null },
        { "ops", "story", ["author,operator"], null },
        { "ops", "story", ["author"], "connection 'ops': the run of story 'story' was started, or let go on, by hand by somebody who has the role author only. Somebody with one of the roles of the connection (operator, administrator) starts it, or an administrator adds the role to Federation:Connections:ops:Roles of the host's configuration." },
        { "ops", "story", [""], "connection 'ops': the run of story 'story' was started, or let go on, by hand by somebody who has no role. Somebody with one of the roles of the connection (operator, administrator) starts it, or an administrator adds the role to Federation:Connections:ops:Roles of the host's configuration." },
        { "ops", "story", ["administrator", "author"], "connection 'ops': the run of story 'story' was started, or let go on, by hand by somebody who has the role author only. Somebody with one of the roles of the connection (operator, administrator) starts it, or an administrator adds the role to Federation:Connections:ops:Roles of the host's configuration." },
        { "prod", "story", ["operator"], "connection 'prod': the run of story 'story' was started, or let go on, by hand by somebody who has the role operator only. Somebody with one of the roles of the connection (administrator) starts it, or an administrator adds the role to Federation:Connections:prod:Roles of the host's configuration." },
    };

    [Theory]
    [MemberData(nameof(Users))]
    public void Only_who_is_named_may_use_a_connection(string connection, string story, string[] hands, string? refusal)
    {
        using var host = new FederationHost(Settings);
        var definition = host.Services.GetRequiredService<ConnectionCatalog>().Get(connection);
        var user = ConnectionUser.OfRun(story, "run", hands);

        if (refusal is null)
        {
            Should.NotThrow(() => ConnectionAccess.Require(definition, user));
            return;
        }

        var error = Should.Throw<FederationException>(() => ConnectionAccess.Require(definition, user));
        (error.Code, error.Side, error.IsRetryable, error.Message).ShouldBe((FailureCodes.ConnectionNotAllowed, FailureSide.Here, false, refusal));
    }

    [Fact]
    public void Where_the_only_user_is_the_administrator_every_story_may_use_every_connection()
    {
        using var host = new FederationHost(Settings);
        host.Options.TrustOnlyUser();
        var definition = new ConnectionDefinition("none", host.Options.Connections["none"], "1", host.Options.HasOneUser);

        Should.NotThrow(() => ConnectionAccess.Require(definition, ConnectionUser.OfRun("any", "run", [""])));
    }

    [Fact]
    public void No_configuration_makes_everybody_the_only_user()
    {
        using var host = new FederationHost([.. Settings, ("HasOneUser", "true"), ("TrustOnlyUser", "true")]);

        host.Options.HasOneUser.ShouldBeFalse();
    }

    public static TheoryData<string, AwsNarrowing, string> Widenings => new()
    {
        { "prod", new() { DurationSeconds = 1801 }, "connection 'prod': a session of 1801 seconds is asked for. Give 900 to 1800, or none for 1800; an administrator can raise Federation:Connections:prod:MaxDuration." },
        { "prod", new() { DurationSeconds = 899 }, "connection 'prod': a session of 899 seconds is asked for. Give 900 to 1800, or none for 1800; an administrator can raise Federation:Connections:prod:MaxDuration." },
        { "prod", new() { DurationSeconds = int.MaxValue }, "connection 'prod': a session of 2147483647 seconds is asked for. Give 900 to 1800, or none for 1800; an administrator can raise Federation:Connections:prod:MaxDuration." },
        { "prod", new() { DurationSeconds = -1 }, "connection 'prod': a session of -1 seconds is asked for. Give 900 to 1800, or none for 1800; an administrator can raise Federation:Connections:prod:MaxDuration." },
        { "prod", new() { SessionName = "a b" }, "connection 'prod': the session name is not valid. Give 2 to 64 of the characters A-Z a-z 0-9 + = , . @ _ -, or none." },
        { "named", new() { SessionName = "somebody-else" }, "connection 'named': a session name is given, and the connection names its sessions itself. Leave the story's out." },
        { "named", new() { SessionPolicy = """{"Statement":[]}""" }, "connection 'named': a session policy is given, and the connection has one of its own. Leave the story's out: it would take the place of the administrator's." },
    };

    [Theory]
    [MemberData(nameof(Widenings))]
    public async Task A_story_cannot_widen_what_a_role_s_connection_gives(string connection, AwsNarrowing narrowing, string refusal)
    {
        using var host = new FederationHost(Settings);

        var error = await Should.ThrowAsync<FederationException>(() => Broker(host).GetAwsCredentialsAsync(connection, narrowing, ConnectionUser.OfRun("story", "run"), Cancel).AsTask());

        error.Message.ShouldBe(refusal);
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(new[] { "openid" }, null)]
    [InlineData(new[] { "email", "openid" }, null)]
    [InlineData(new[] { "openid", Credentials.CloudPlatform }, Credentials.CloudPlatform)]
    [InlineData(new[] { "OpenID" }, "OpenID")]
    public void A_story_asks_for_some_of_a_connection_s_scopes_and_no_others(string[] scopes, string? refused)
    {
        using var host = new FederationHost(Settings);

        host.Services.GetRequiredService<ConnectionCatalog>().Get("scoped").RefusedScope(scopes).ShouldBe(refused);
    }

    [Fact]
    public async Task The_scope_that_is_too_much_is_named()
    {
        using var host = new FederationHost(Settings);

        var error = await Should.ThrowAsync<FederationException>(() => Broker(host).GetAccessTokenAsync("scoped", Cloud, ConnectionUser.OfRun("story", "run"), Cancel).AsTask());

        error.Message.ShouldBe($"connection 'scoped': the scope '{Credentials.CloudPlatform}' is asked for, which it does not allow. Ask for some of its scopes only: openid email.");
    }

    [Fact]
    public async Task A_role_is_reached_by_an_id_token_with_what_the_story_narrows_and_told_without_secrets()
    {
        var reports = new Reports();
        using var host = new FederationHost(Settings, services => services.AddSingleton<IExchangeObserver>(reports));
        host.Network.OnRequest = (sent, _) => Task.FromResult(Answer(sent));

        var story = (await RunByAsync(
            host,
            ["administrator"],
            [
                Activity("Aws.GetCredentials", "get", ("connection", "prod"), ("durationSeconds", 900), ("sessionPolicy", """{"Version":"2012-10-17","Statement":[]}"""), ("result", ">credentials")),
                Activity("Aws.GetCredentials", "again", ("connection", "prod"), ("durationSeconds", 900), ("sessionPolicy", """{"Version":"2012-10-17","Statement":[]}""")),
            ],
            "credentials")).ShouldFinish();

        host.Network.Requests.Count.ShouldBe(2, "an ID token and a session, for two activities");
        host.Network.Requests[1].Form["RoleArn"].ShouldBe(Role);
        host.Network.Requests[1].Form["DurationSeconds"].ShouldBe("900");
        host.Network.Requests[1].Form["Policy"].ShouldBe("""{"Version":"2012-10-17","Statement":[]}""");
        host.Network.Requests[1].Form["RoleSessionName"].ShouldBe("story");
        story["credentials"].ShouldBeOfType<AwsCredentials>().AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");

        var told = reports.All.ToArray();
        told.Select(report => (report.Connection, report.Kind, report.Story, report.Run, report.Activity, report.Outcome)).ShouldBe(
        [
            ("ops", "idToken", "story", "run", "get", "ok"),
            ("prod", "awsRole", "story", "run", "get", "ok"),
        ]);
        var role = told[1];
        (role.Role, role.SessionName, role.AccessKeyId, role.IsNarrowed, role.ExpiresAt).ShouldBe((Role, "story", "ASIAEXAMPLE0000001", true, FederationHost.Start.AddMinutes(15)));
        role.Claims.ShouldNotBeNull().Azp.ShouldBe("112233445566778899001");
        role.Claims.Aud.ShouldBe(["aws-prod"]);
        role.Claims.Iss.ShouldBe("https://accounts.google.com");
        var written = JsonSerializer.Serialize(told);
        written.ShouldNotContain("CANARY", Case.Sensitive);
        written.ShouldNotContain(Credentials.IdToken().Split('.')[1], Case.Sensitive);
    }

    [Fact]
    public async Task A_refusal_of_the_cloud_is_told_and_what_fails_here_is_not()
    {
        var reports = new Reports();
        using var host = new FederationHost(Settings, services => services.AddSingleton<IExchangeObserver>(reports));
        host.Network.Answer("""{"error":"invalid_grant","error_description":"Invalid JWT Signature."}""", System.Net.HttpStatusCode.BadRequest);

        await Should.ThrowAsync<FederationException>(() => Broker(host).GetAccessTokenAsync("ops", Cloud, ConnectionUser.OfRun("story", "run"), Cancel).AsTask());
        await Should.ThrowAsync<FederationException>(() => Broker(host).GetAccessTokenAsync("ops", [], ConnectionUser.OfRun("story", "run"), Cancel).AsTask());

        var report = reports.All.ShouldHaveSingleItem();
        (report.Connection, report.Outcome, report.Succeeded).ShouldBe(("ops", "invalid_grant", false));
        report.Problem.ShouldNotBeNull().ShouldContain("Invalid JWT Signature");
    }

    [Fact]
    public async Task Nobody_gets_a_token_whose_exchange_cannot_be_recorded()
    {
        var reports = new Reports { Failure = new IOException("no disk") };
        using var host = new FederationHost(Settings, services => services.AddSingleton<IExchangeObserver>(reports));
        host.Network.Answer("""{"access_token":"ya29.granted","expires_in":3599,"token_type":"Bearer"}""");

        await Should.ThrowAsync<IOException>(() => Broker(host).GetAccessTokenAsync("ops", Cloud, ConnectionUser.OfRun("story", "run"), Cancel).AsTask());
    }

    [Fact]
    public async Task Each_connection_s_session_is_named_by_its_own_template()
    {
        using var host = new FederationHost(Settings);
        host.Network.OnRequest = (sent, _) => Task.FromResult(Answer(sent));

        await Broker(host).GetAwsCredentialsAsync("named", default, ConnectionUser.OfRun("story", "0123456789abcdef"), Cancel);

        host.Network.Requests[1].Form["RoleSessionName"].ShouldBe("story-0123456789abcdef");
        host.Network.Requests[1].Form["Policy"].ShouldBe("{}");
        host.Network.Requests[1].Form["DurationSeconds"].ShouldBe("3600");
    }

    [Fact]
    public async Task A_check_gives_nothing_that_could_do_anything()
    {
        using var host = new FederationHost(Settings);
        host.Network.OnRequest = (sent, _) => Task.FromResult(Answer(sent));

        var report = await Broker(host).CheckAsync("prod", Cancel);

        host.Network.Requests[1].Form["Policy"].ShouldContain("\"Effect\":\"Deny\",\"Action\":\"*\"");
        host.Network.Requests[1].Form["DurationSeconds"].ShouldBe("900");
        (report.Succeeded, report.SessionName, report.Story).ShouldBe((true, "check-prod", null));
    }

    public static TheoryData<string, JsonNode> NotFixed => new()
    {
        { "Variable", "name" },
        { "CEL", "'o' + 'ps'" },
        { "Template", "ops" },
        { "Input", "name" },
    };

    [Theory]
    [MemberData(nameof(NotFixed))]
    public void A_story_names_a_connection_by_a_fixed_value_only(string type, JsonNode value)
    {
        using var host = new FederationHost(Settings);
        var activity = Activity("Google.GetAccessToken", "get");
        activity["connection"] = new JsonObject { ["typeName"] = "String", ["expression"] = new JsonObject { ["type"] = type, ["value"] = value.DeepClone() } };

        var problem = Compile(host, [activity], "name").Problems.Single(found => found.Code == "connection-not-fixed");

        problem.Path.ShouldBe("$.root.activities[0].connection");
        problem.Severity.ShouldBe(ProblemSeverity.Error);
        problem.Message.ShouldBe($"Input 'Connection' names the identity that is used, so it must be a fixed value (Literal), not a {type} expression. Write the connection's name, in an activity of its own for each connection.");
    }

    [Fact]
    public void A_compiled_story_tells_which_connections_it_names_and_where()
    {
        using var host = new FederationHost(Settings);

        var compiled = Compile(host, [Activity("Google.GetAccessToken", "a", ("connection", "ops")), Activity("Google.MintIdToken", "b", ("audience", "x")), Activity("Aws.GetCredentials", "c", ("connection", "prod"))]);

        compiled.Require().Connections.ShouldBe([new ConnectionUse("ops", "$.root.activities[0].connection", "a"), new ConnectionUse("prod", "$.root.activities[2].connection", "c")]);
    }

    [Fact]
    public async Task A_run_that_somebody_without_a_role_touched_is_refused_at_the_activity()
    {
        using var host = new FederationHost(Settings);

        var story = await RunByAsync(host, ["author"], [Activity("Google.GetAccessToken", "get", ("connection", "ops"))]);

        story.ShouldFault("get").ShouldStartWith("connection 'ops': the run of story 'story' was started, or let go on, by hand by somebody who has the role author only.");
        host.Network.Requests.ShouldBeEmpty();
    }

    private static ITokenBroker Broker(FederationHost host) => host.Services.GetRequiredService<ITokenBroker>();

    private static HttpResponseMessage Answer(RecordingHandler.Sent sent) => sent.Url.StartsWith("https://oauth2.", StringComparison.Ordinal)
        ? RecordingHandler.Make($$"""{"id_token":"{{Credentials.IdToken()}}"}""")
        : RecordingHandler.Make(
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
            <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser>
            <Credentials><AccessKeyId>ASIAEXAMPLE0000001</AccessKeyId><SecretAccessKey>CANARYsecret</SecretAccessKey><SessionToken>CANARYsession</SessionToken><Expiration>2031-04-05T06:22:08Z</Expiration></Credentials>
            </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
            """,
            contentType: "text/xml");

    private sealed class Reports : IExchangeObserver
    {
        public ConcurrentQueue<ExchangeReport> All { get; } = new();

        public Exception? Failure { get; init; }

        public ValueTask OnExchangedAsync(ExchangeReport report, CancellationToken cancellationToken)
        {
            All.Enqueue(report);
            return Failure is null ? ValueTask.CompletedTask : ValueTask.FromException(Failure);
        }
    }
}
