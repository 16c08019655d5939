namespace FederationWorkflows.CloudLab.Tests.Aws;

public sealed class AssumeRoleTests : IAsyncLifetime
{
    private const string Forensics = "arn:aws:iam::444455556666:role/forensics-reader";
    private const string Session = "arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041";

    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(world: LabWorld.Parse(World));

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task A_role_of_another_account_is_assumed_when_both_sides_allow_it()
    {
        await using var stories = await TestLab.StartAsync();
        var client = await stories.SessionClientAsync("sts");

        var answer = await AssumeAsync(client, Forensics, ("ExternalId", "federation-workflows"));

        answer.Status.ShouldBe(200, answer.Text);
        answer["Arn"].ShouldBe("arn:aws:sts::444455556666:assumed-role/forensics-reader/chained");
        var listing = await answer.Client(stories, "s3").SendAsync(HttpMethod.Get, "/forensics-disk-images?list-type=2");
        listing["Key"].ShouldBe("INC-2041/manifest.json");
    }

    [Theory]
    [InlineData("wrong-external-id", "User: arn:aws:iam::111122223333:user/engineer is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/wrong-external-id")]
    [InlineData("no-such-role", "User: arn:aws:iam::111122223333:user/engineer is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/no-such-role")]
    [InlineData(
        "not-allowed-to-caller",
        "User: arn:aws:iam::111122223333:user/engineer is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/not-allowed-to-caller "
        + "because no identity-based policy allows the sts:AssumeRole action")]
    [InlineData("sees-anybody-but-tags", null)]
    public async Task Across_accounts_both_the_trust_and_the_callers_policies_must_allow(string role, string? message)
    {
        var answer = await AssumeAsync(lab.UserClient("sts"), $"arn:aws:iam::444455556666:role/{role}", ("ExternalId", "agreed"));

        if (message is null)
        {
            answer.Status.ShouldBe(200, answer.Text);
        }
        else
        {
            answer.ShouldRefuse(403, "AccessDenied", message);
        }
    }

    [Theory]
    [InlineData("names-the-user", 200)]
    [InlineData("names-the-account", 403)]
    [InlineData("names-everybody", 200)]
    [InlineData("denies-the-user", 403)]
    public async Task Within_an_account_a_trust_that_names_the_caller_suffices(string role, int status) =>
        (await AssumeAsync(lab.UserClient("sts"), $"arn:aws:iam::111122223333:role/{role}")).Status.ShouldBe(status);

    [Fact]
    public async Task Tagging_a_session_needs_its_own_permission() =>
        (await AssumeAsync(
            lab.UserClient("sts"),
            "arn:aws:iam::444455556666:role/sees-anybody-but-tags",
            ("ExternalId", "agreed"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "soc")))["Message"]!.ShouldStartWith("User: arn:aws:iam::111122223333:user/engineer is not authorized to perform: sts:TagSession");

    [Theory]
    [InlineData("names-the-role", 200)]
    [InlineData("names-the-session", 200)]
    [InlineData("names-another-session", 403)]
    [InlineData("names-a-wildcard-session", 403)]
    [InlineData("names-the-account-of-the-chain", 403)]
    [InlineData("wants-a-tag", 403)]
    public async Task A_session_assumes_a_role_that_names_it_its_role_or_its_account(string role, int status)
    {
        var first = await AssumeAsync(lab.UserClient("sts"), "arn:aws:iam::111122223333:role/names-the-user");

        (await AssumeAsync(first.Client(lab, "sts"), $"arn:aws:iam::111122223333:role/{role}")).Status.ShouldBe(status);
    }

    [Fact]
    public async Task Transitive_tags_and_the_source_identity_go_on_along_a_chain()
    {
        var first = await AssumeAsync(
            lab.UserClient("sts"),
            "arn:aws:iam::444455556666:role/sees-tags",
            ("ExternalId", "agreed"),
            ("SourceIdentity", "alice"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "soc"),
            ("Tags.member.2.Key", "shift"),
            ("Tags.member.2.Value", "night"),
            ("TransitiveTagKeys.member.1", "team"));
        first.Status.ShouldBe(200, first.Text);
        first["SourceIdentity"].ShouldBe("alice");
        var client = first.Client(lab, "sts");

        var second = await AssumeAsync(client, "arn:aws:iam::444455556666:role/sees-tags-of-the-chain");
        second.Status.ShouldBe(200, second.Text);
        (await AssumeAsync(second.Client(lab, "sts"), "arn:aws:iam::444455556666:role/sees-tags-of-the-chain")).Status.ShouldBe(200);
        (await AssumeAsync(second.Client(lab, "sts"), "arn:aws:iam::444455556666:role/wants-the-shift")).Status.ShouldBe(403);
        (await AssumeAsync(client, "arn:aws:iam::444455556666:role/sees-tags-of-the-chain", ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")))
            .ShouldRefuse(400, "ValidationError", "The session tag 'team' is transitive in the session of the caller and cannot be passed again");
        (await AssumeAsync(client, "arn:aws:iam::444455556666:role/sees-tags-of-the-chain", ("SourceIdentity", "mallory")))
            .ShouldRefuse(400, "ValidationError", "The source identity of the caller's session is alice and stays so when it assumes further roles");
    }

    [Fact]
    public async Task A_chained_session_lasts_an_hour_at_most()
    {
        await using var stories = await TestLab.StartAsync();
        var client = await stories.SessionClientAsync("sts");

        (await AssumeAsync(client, Forensics, ("ExternalId", "federation-workflows"), ("DurationSeconds", "3601"))).ShouldRefuse(
            400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
    }

    [Fact]
    public async Task Roles_are_listed_to_those_who_may()
    {
        await using var stories = await TestLab.StartAsync();
        var listing = await stories.UserClient("iam").QueryAsync(("Action", "ListRoles"), ("Version", "2010-05-08"));
        var session = await stories.SessionClientAsync("iam");
        var denied = await session.QueryAsync(("Action", "ListRoles"), ("Version", "2010-05-08"));

        listing.Xml.Descendants().Where(static element => element.Name.LocalName == "RoleName").Select(static element => element.Value)
            .ShouldBe(LabWorld.Default.Aws.Accounts.Single(static account => account.Id == "111122223333").Roles.Select(static role => role.Name).Order(StringComparer.Ordinal));
        denied.ShouldRefuse(
            403,
            "AccessDenied",
            $"User: {Session} is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::111122223333:role/ because no identity-based policy allows the iam:ListRoles action");
    }

    [Fact]
    public async Task Iam_is_signed_for_us_east_1_only()
    {
        var key = lab.Server.AccessKeys[0];
        var client = new SigV4Client(lab.Http, lab.Clock, key.Id, key.Secret.Reveal(), null, "iam") { Region = "eu-west-1" };

        (await client.QueryAsync(("Action", "ListRoles"), ("Version", "2010-05-08")))
            .ShouldRefuse(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-1'. ");
    }

    private static Task<AwsAnswer> AssumeAsync(SigV4Client client, string role, params (string, string)[] more) => client.QueryAsync(
        [("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", "chained"), .. more]);

    private static string Role(string name, params string[] statements) =>
        $$"""{"name":"{{name}}","trustPolicy":{"Version":"2012-10-17","Statement":[{{string.Join(',', statements)}}] } }""";

    private static string Trust(string principal, string effect = "Allow", string condition = "{}") =>
        $$"""{"Effect":"{{effect}}","Principal":{"AWS":"{{principal}}"},"Action":"sts:AssumeRole","Condition":{{condition}} }""";

    private static string TrustAll(string principal, string condition = "{}") =>
        $$"""{"Effect":"Allow","Principal":{"AWS":"{{principal}}"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{{condition}} }""";

    private static string World => $$"""
        {"aws":{"accounts":[
          {"id":"111122223333","users":[{"name":"engineer","accessKeys":[{}],"policies":[{"name":"cross","document":{"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Resource":["arn:aws:iam::444455556666:role/wrong-external-id","arn:aws:iam::444455556666:role/sees-*"]}]} }] }],
           "roles":[
             {{Role("names-the-user", Trust("arn:aws:iam::111122223333:user/engineer"))}},
             {{Role("names-the-account", Trust("111122223333"))}},
             {{Role("names-everybody", Trust("*"))}},
             {{Role("names-the-role", Trust("arn:aws:iam::111122223333:role/names-the-user"))}},
             {{Role("names-the-session", Trust("arn:aws:sts::111122223333:assumed-role/names-the-user/chained"))}},
             {{Role("names-another-session", Trust("arn:aws:sts::111122223333:assumed-role/names-the-user/other"))}},
             {{Role("names-a-wildcard-session", Trust("arn:aws:sts::111122223333:assumed-role/names-the-user/*"))}},
             {{Role("names-the-account-of-the-chain", Trust("arn:aws:iam::111122223333:root"))}},
             {{Role("wants-a-tag", Trust("*", condition: """{"StringEquals":{"aws:PrincipalTag/team":"soc"}}"""))}},
             {{Role("denies-the-user", Trust("*"), Trust("arn:aws:iam::111122223333:user/engineer", "Deny"))}}
           ]},
          {"id":"444455556666","roles":[
             {{Role("wrong-external-id", Trust("111122223333", condition: """{"StringEquals":{"sts:ExternalId":"other"}}"""))}},
             {{Role("not-allowed-to-caller", Trust("arn:aws:iam::111122223333:root"))}},
             {{Role("sees-tags", TrustAll("arn:aws:iam::111122223333:root"))}},
             {{Role("sees-tags-of-the-chain", TrustAll("*", """{"StringEquals":{"aws:PrincipalTag/team":"soc","aws:SourceIdentity":"alice"}}"""))}},
             {{Role("wants-the-shift", TrustAll("*", """{"StringEquals":{"aws:PrincipalTag/shift":"night"}}"""))}},
             {{Role("sees-anybody-but-tags", Trust("arn:aws:iam::111122223333:root", condition: """{"StringEquals":{"sts:ExternalId":"agreed"}}"""))}}
          ]}
        ] } }
        """;
}
