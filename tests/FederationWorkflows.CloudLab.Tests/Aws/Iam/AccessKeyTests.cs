namespace FederationWorkflows.CloudLab.Tests.Aws.Iam;

/// <summary>Users, their access keys and tags: what an incident responder switches off and marks.</summary>
public sealed class AccessKeyTests : IAsyncLifetime
{
    private const string Key = "AKIALABBUILDAGENT001";
    private const string Admin = "arn:aws:iam::111122223333:user/admin";

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(clock, LabWorld.Parse(World));

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task Static_keys_are_found_with_their_age_and_last_use()
    {
        (await IamAsync("ListUsers")).Xml.Descendants().Where(static element => element.Name.LocalName == "Arn").Select(static element => element.Value)
            .ShouldBe([Admin, "arn:aws:iam::111122223333:user/build-agent", "arn:aws:iam::111122223333:user/ci/reader"]);
        (await IamAsync("ListUsers", ("PathPrefix", "/ci/")))["UserName"].ShouldBe("reader");
        var keys = await IamAsync("ListAccessKeys", ("UserName", "build-agent"));
        (keys["AccessKeyId"], keys["Status"], keys["CreateDate"]).ShouldBe((Key, "Active", "2024-01-15T08:00:00Z"));
        var used = await IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", Key));
        (used["UserName"], used["LastUsedDate"], used["ServiceName"], used["Region"]).ShouldBe(("build-agent", "2026-03-17T22:14:05Z", "s3", "eu-west-1"));

        await Agent("sts").QueryAsync(("Action", "GetCallerIdentity"));

        (await IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", Key)))["LastUsedDate"].ShouldBe("2026-03-18T10:00:00Z");
        var never = (await IamAsync("CreateAccessKey", ("UserName", "reader")))["AccessKeyId"]!;
        var unused = await IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", never));
        (unused["LastUsedDate"], unused["ServiceName"], unused["Region"]).ShouldBe((null, "N/A", "N/A"));
    }

    [Fact]
    public async Task A_key_that_is_switched_off_stops_at_once_and_works_again_when_it_is_switched_on()
    {
        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(200);

        (await IamAsync("UpdateAccessKey", ("UserName", "build-agent"), ("AccessKeyId", Key), ("Status", "Inactive"))).Status.ShouldBe(200);

        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).ShouldRefuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
        (await Agent("sts").QueryAsync(("Action", "GetCallerIdentity"))).ShouldRefuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
        (await IamAsync("ListAccessKeys", ("UserName", "build-agent")))["Status"].ShouldBe("Inactive");
        await IamAsync("UpdateAccessKey", ("UserName", "build-agent"), ("AccessKeyId", Key), ("Status", "Active"));
        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(200);
        var logged = lab.Server.Events.Snapshot().Single(static labEvent => labEvent is { EventName: "UpdateAccessKey", RequestParameters: { } parameters } && parameters["status"]!.GetValue<string>() == "Inactive");
        (logged.RequestParameters!["accessKeyId"]!.GetValue<string>(), logged.RequestParameters["userName"]!.GetValue<string>()).ShouldBe((Key, "build-agent"));
    }

    [Fact]
    public async Task A_new_key_works_and_a_deleted_one_does_not()
    {
        var created = await IamAsync("CreateAccessKey", ("UserName", "build-agent"));
        created["Status"].ShouldBe("Active");
        var fresh = new SigV4Client(lab.Http, clock, created["AccessKeyId"]!, created["SecretAccessKey"]!, null, "s3");
        (await fresh.SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(200);
        (await IamAsync("CreateAccessKey", ("UserName", "build-agent"))).ShouldRefuse(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");

        (await IamAsync("DeleteAccessKey", ("UserName", "build-agent"), ("AccessKeyId", Key))).Status.ShouldBe(200);

        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).ShouldRefuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
        (await IamAsync("ListAccessKeys", ("UserName", "build-agent")))["AccessKeyId"].ShouldBe(created["AccessKeyId"]);
        lab.Server.Events.Snapshot().ShouldAllBe(labEvent => labEvent.ResponseElements == null || !labEvent.ResponseElements.ToJsonString(null).Contains(created["SecretAccessKey"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_user_is_quarantined_by_a_tag_that_its_policies_read()
    {
        (await IamAsync("TagUser", ("UserName", "build-agent"), ("Tags.member.1.Key", "quarantine"), ("Tags.member.1.Value", "true"))).Status.ShouldBe(200);

        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).ShouldRefuse(
            403,
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/build-agent is not authorized to perform: s3:ListAllMyBuckets with an explicit deny in an identity-based policy");
        var tags = await IamAsync("ListUserTags", ("UserName", "build-agent"));
        tags.Xml.Descendants().Where(static element => element.Name.LocalName is "Key" or "Value").Select(static element => element.Value).ShouldBe(["quarantine", "true", "team", "build"]);
        (await IamAsync("UntagUser", ("UserName", "build-agent"), ("TagKeys.member.1", "Quarantine"))).Status.ShouldBe(200);
        (await Agent("s3").SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_role_is_quarantined_by_a_tag_and_its_running_sessions_with_it()
    {
        var assumed = await Client("sts").QueryAsync(("Action", "AssumeRole"), ("RoleArn", "arn:aws:iam::111122223333:role/worker"), ("RoleSessionName", "job-1"));
        var session = assumed.Client(lab, "s3");
        (await session.SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(200);

        (await IamAsync("TagRole", ("RoleName", "worker"), ("Tags.member.1.Key", "quarantine"), ("Tags.member.1.Value", "true"))).Status.ShouldBe(200);

        (await session.SendAsync(HttpMethod.Get, "/")).Status.ShouldBe(403);
        (await IamAsync("ListRoleTags", ("RoleName", "worker")))["Key"].ShouldBe("quarantine");
        (await IamAsync("GetRole", ("RoleName", "worker")))["Value"].ShouldBe("true");
    }

    [Theory]
    [InlineData("ListAccessKeys", "UserName=nobody", 404, "NoSuchEntity", "The user with name nobody cannot be found.")]
    [InlineData("GetUser", "UserName=nobody", 404, "NoSuchEntity", "The user with name nobody cannot be found.")]
    [InlineData("GetRole", "RoleName=nobody", 404, "NoSuchEntity", "The role with name nobody cannot be found.")]
    [InlineData("GetRolePolicy", "RoleName=worker&PolicyName=none", 404, "NoSuchEntity", "The role policy with name none cannot be found.")]
    [InlineData("UpdateAccessKey", "UserName=build-agent&AccessKeyId=AKIAUNKNOWNUNKNOWN00&Status=Inactive", 404, "NoSuchEntity", "The Access Key with id AKIAUNKNOWNUNKNOWN00 cannot be found.")]
    [InlineData("UpdateAccessKey", "UserName=reader&AccessKeyId=AKIALABBUILDAGENT001&Status=Inactive", 404, "NoSuchEntity", "The Access Key with id AKIALABBUILDAGENT001 cannot be found.")]
    [InlineData("DeleteAccessKey", "UserName=build-agent&AccessKeyId=AKIAUNKNOWNUNKNOWN00", 404, "NoSuchEntity", "The Access Key with id AKIAUNKNOWNUNKNOWN00 cannot be found.")]
    [InlineData("GetAccessKeyLastUsed", "AccessKeyId=AKIAUNKNOWNUNKNOWN00", 404, "NoSuchEntity", "The Access Key with id AKIAUNKNOWNUNKNOWN00 cannot be found.")]
    [InlineData("UpdateAccessKey", "UserName=build-agent&AccessKeyId=AKIALABBUILDAGENT001&Status=Paused", 400, "ValidationError", "1 validation error detected: Value 'Paused' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]")]
    [InlineData("UpdateAccessKey", "UserName=build-agent&AccessKeyId=short&Status=Active", 400, "ValidationError", "1 validation error detected: Value 'short' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16")]
    [InlineData("UpdateAccessKey", "UserName=build-agent", 400, "ValidationError", "2 validation errors detected: Value null at 'accessKeyId' failed to satisfy constraint: Member must not be null; Value null at 'status' failed to satisfy constraint: Member must not be null")]
    [InlineData("TagUser", "UserName=build-agent", 400, "ValidationError", "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null")]
    [InlineData("TagUser", "UserName=build-agent&Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=A&Tags.member.2.Value=", 400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")]
    [InlineData("CreateUser", "UserName=x", 400, "InvalidAction", "Could not find operation CreateUser for version 2010-05-08")]
    [InlineData("ListUsers", "MaxItems=0", 400, "ValidationError", "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1")]
    public async Task What_makes_no_sense_is_refused_in_IAMs_words(string action, string parameters, int status, string code, string message) =>
        (await IamAsync(action, [.. parameters.Split('&').Select(static pair => pair.Split('=', 2)).Select(static pair => (pair[0], pair[1]))])).ShouldRefuse(status, code, message);

    [Theory]
    [InlineData("ListUsers", "", "arn:aws:iam::111122223333:user/")]
    [InlineData("ListAccessKeys", "UserName=reader", "arn:aws:iam::111122223333:user/ci/reader")]
    [InlineData("ListAccessKeys", "UserName=nobody", "arn:aws:iam::111122223333:user/nobody")]
    [InlineData("UpdateAccessKey", "AccessKeyId=AKIALABBUILDAGENT001&Status=Inactive", "arn:aws:iam::111122223333:user/build-agent")]
    [InlineData("TagUser", "UserName=reader&Tags.member.1.Key=a&Tags.member.1.Value=b", "arn:aws:iam::111122223333:user/ci/reader")]
    [InlineData("TagRole", "RoleName=worker&Tags.member.1.Key=a&Tags.member.1.Value=b", "arn:aws:iam::111122223333:role/worker")]
    [InlineData("GetAccessKeyLastUsed", "AccessKeyId=AKIALABBUILDAGENT001", "arn:aws:iam::111122223333:user/build-agent")]
    public async Task Who_may_not_is_told_so_as_AWS_words_it(string action, string parameters, string resource)
    {
        (string, string)[] pairs = [.. parameters.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(static pair => pair.Split('=', 2)).Select(static pair => (pair[0], pair[1]))];

        (await Agent("iam").QueryAsync([("Action", action), ("Version", "2010-05-08"), .. pairs])).ShouldRefuse(
            403,
            "AccessDenied",
            $"User: arn:aws:iam::111122223333:user/build-agent is not authorized to perform: iam:{action} on resource: {resource} because no identity-based policy allows the iam:{action} action");
    }

    [Fact]
    public async Task A_permission_may_depend_on_tags()
    {
        var session = (await Client("sts").QueryAsync(
            ("Action", "AssumeRole"),
            ("RoleArn", "arn:aws:iam::111122223333:role/worker"),
            ("RoleSessionName", "responder"),
            ("Policy", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"build","aws:RequestTag/quarantine":"true"},"ForAllValues:StringEquals":{"aws:TagKeys":"quarantine"}}}]}"""))).Client(lab, "iam");
        Task<AwsAnswer> Tag(string user, string key) => session.QueryAsync(
            ("Action", "TagUser"), ("Version", "2010-05-08"), ("UserName", user), ("Tags.member.1.Key", key), ("Tags.member.1.Value", "true"));

        (await Tag("build-agent", "quarantine")).Status.ShouldBe(200);
        (await Tag("build-agent", "other")).Status.ShouldBe(403);
        (await Tag("reader", "quarantine")).Status.ShouldBe(403);
        (await session.QueryAsync(("Action", "ListAccessKeys"), ("Version", "2010-05-08"))).ShouldRefuse(400, "ValidationError", "Must specify userName when calling with non-User credentials");
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        var first = await IamAsync("ListUsers", ("MaxItems", "2"));
        (first["IsTruncated"], first["Marker"]).ShouldBe(("true", "build-agent"));
        var second = await IamAsync("ListUsers", ("Marker", "build-agent"));
        (second["IsTruncated"], second["UserName"]).ShouldBe(("false", "reader"));
    }

    [Fact]
    public async Task Debians_cli_disables_a_key_and_tags_its_user()
    {
        await using var now = await TestLab.StartAsync(world: LabWorld.Parse(World));
        using var cli = new ClientProgram(now);
        var admin = cli.As(now.Server.AccessKeys[0]);
        var agent = cli.As(Key, "build-agents-secret-of-the-lab");

        (await cli.AwsAsync(admin, "iam", "list-access-keys", "--user-name", "build-agent", "--query", "AccessKeyMetadata[0].[AccessKeyId,Status]", "--output", "text")).ShouldBe($"{Key}\tActive\n");
        await cli.AwsAsync(admin, "iam", "update-access-key", "--user-name", "build-agent", "--access-key-id", Key, "--status", "Inactive");
        await cli.AwsAsync(admin, "iam", "tag-user", "--user-name", "build-agent", "--tags", "Key=quarantine,Value=true");
        (await cli.AwsAsync(admin, "iam", "list-user-tags", "--user-name", "build-agent", "--query", "Tags[?Key=='quarantine'].Value", "--output", "text")).ShouldBe("true\n");
        (await cli.AwsAsync(admin, "iam", "get-access-key-last-used", "--access-key-id", Key, "--query", "AccessKeyLastUsed.ServiceName", "--output", "text")).ShouldBe("s3\n");
        (await cli.RefusedAsync(agent, "sts", "get-caller-identity")).ShouldContain(
            "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.");
        (await cli.RefusedAsync(agent, "s3", "ls")).ShouldContain(
            "An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation: The AWS Access Key Id you provided does not exist in our records.");
    }

    private SigV4Client Client(string service)
    {
        var key = lab.Server.AccessKeys[0];
        return new SigV4Client(lab.Http, clock, key.Id, key.Secret.Reveal(), null, service);
    }

    private SigV4Client Agent(string service) => new(lab.Http, clock, Key, "build-agents-secret-of-the-lab", null, service);

    private Task<AwsAnswer> IamAsync(string action, params (string, string)[] parameters) => Client("iam").QueryAsync([("Action", action), ("Version", "2010-05-08"), .. parameters]);

    private const string World = """
        {"aws":{"accounts":[{"id":"111122223333",
          "roles":[{"name":"worker",
            "trustPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]},
            "policies":[{"name":"work","document":{"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Action":["s3:*","iam:*"],"Resource":"*"},
              {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/quarantine":"true"}}}]}}]}],
          "users":[
            {"name":"admin","accessKeys":[{}],"policies":[{"name":"all","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}]},
            {"name":"build-agent","createDate":"2023-11-02T09:00:00Z","tags":{"team":"build"},
             "accessKeys":[{"id":"AKIALABBUILDAGENT001","secret":"build-agents-secret-of-the-lab","createDate":"2024-01-15T08:00:00Z","lastUsed":{"date":"2026-03-17T22:14:05Z","service":"s3","region":"eu-west-1"}}],
             "policies":[{"name":"build","document":{"Version":"2012-10-17","Statement":[
               {"Effect":"Allow","Action":"s3:*","Resource":"*"},
               {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/quarantine":"true"}}}]}}]},
            {"name":"reader","path":"/ci/"}
          ]}]}}
        """;
}
