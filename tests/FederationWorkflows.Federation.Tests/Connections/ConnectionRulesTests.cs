using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Tests.Connections;

public sealed class ConnectionRulesTests
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";

    private static readonly (string Key, string? Value)[] Valid =
    [
        ("Connections:key:Kind", "serviceAccountKey"), ("Connections:key:Json", Credentials.KeyJson),
        ("Connections:ann:Kind", "authorizedUser"), ("Connections:ann:Json", Credentials.UserJson),
        ("Connections:prod:Kind", "AWSROLE"), ("Connections:prod:RoleArn", Role), ("Connections:prod:Source", "KEY"), ("Connections:prod:Audience", "aws-prod"),
    ];

    public static TheoryData<string, string?, string> WrongSettings => new()
    {
        { "prod:RoleArn", null, "prod:RoleArn is missing or no role: give arn:aws:iam::ACCOUNT:role/NAME." },
        { "prod:RoleArn", "arn:aws:iam::123456789012:user/CANARY", "prod:RoleArn is missing or no role: give arn:aws:iam::ACCOUNT:role/NAME." },
        { "prod:Source", null, "prod:Source is missing: give the name of the connection that it is reached from." },
        { "prod:Source", "nobody", "prod:Source is 'nobody', which is no connection: give the name of one." },
        { "prod:Source", "prod", "prod:Source leads back to this connection: break the circle." },
        { "prod:Source", "ann", "prod:ServiceAccount is missing: an identity of kind authorizedUser mints no ID tokens by itself. Name the service account it impersonates for that." },
        { "prod:Audience", null, "prod:Audience must have 1 to 2048 characters, as the source is a Google identity: the audience that the role's trust policy pins." },
        { "prod:ServiceAccount", "CANARY", "prod:ServiceAccount is no service account: give its email (name@project.iam.gserviceaccount.com) or its numeric id." },
        { "prod:MaxDuration", "00:10:00", "prod:MaxDuration is 00:10:00: give 00:15:00 to 12:00:00, and no more than the role's maximum session duration." },
        { "prod:MaxDuration", "13:00:00", "prod:MaxDuration is 13:00:00: give 00:15:00 to 12:00:00, and no more than the role's maximum session duration." },
        { "prod:SessionPolicy", "[]", "prod:SessionPolicy cannot be used, the session policy is not a JSON object. Give an IAM policy document with Version and Statement." },
        { "prod:SessionName", "a b", "prod:SessionName has characters that a session name cannot have: use A-Z a-z 0-9 + = , . @ _ -, and {story}, {run}, {connection}." },
        { "prod:SessionName", "{story}-1234567890123456789012345", "prod:SessionName has 26 characters beside {story}, {run} and {connection}: at most 24 leave room for them." },
        { "prod:Region", "Frankfurt", "prod:Region is no AWS region: give one such as us-east-1, or none." },
        { "prod:Region", "cn-north-1", "prod:Region is not in the partition aws of the role: give a region of it, or none." },
        { "prod:ExternalId", "CANARY", "prod:ExternalId is for AWS sources only: remove it." },
        { "prod:Profile", "CANARY", "prod:Profile is nothing that kind awsRole takes: remove it." },
        { "prod:Json", "CANARY", "prod: kind awsRole takes neither file nor json: remove them, or give the kind of that credential." },
        { "key:RoleArn", Role, "key:RoleArn is nothing that kind serviceAccountKey takes: remove it." },
        { "key:Kind", "metadataServer", "key: kind metadataServer takes neither file nor json: remove them, or give the kind of that credential." },
        { "prod:Stories:0", "incident-*", "prod:Stories:0 is neither the definition id of a story nor *: give one of them. There are no patterns." },
        { "prod:Stories:0", " ", "prod:Stories:0 is neither the definition id of a story nor *: give one of them. There are no patterns." },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public void A_wrong_setting_of_a_connection_stops_the_host_and_names_the_key_and_the_remedy(string key, string? value, string problem)
    {
        using var host = new FederationHost([.. Valid.Where(pair => pair.Key != "Connections:" + key), ("Connections:" + key, value)]);

        var error = Should.Throw<OptionsValidationException>(() => host.Options);

        error.Failures.ShouldBe(["Federation:Connections:" + problem]);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task A_role_is_read_with_the_identity_it_is_reached_from()
    {
        using var host = new FederationHost([.. Valid, ("Connections:prod:MaxDuration", "00:30:00"), ("Connections:prod:Stories:0", "*"), ("Connections:prod:Roles:0", "author")]);

        var role = (await host.Connections.GetAsync("prod", TestContext.Current.CancellationToken)).ShouldBeOfType<AwsRoleConnection>();

        role.RoleArn.ShouldBe(Role);
        role.Audience.ShouldBe("aws-prod");
        role.MaxDuration.ShouldBe(TimeSpan.FromMinutes(30));
        role.Source.ShouldBeOfType<ServiceAccountKeyConnection>().ClientEmail.ShouldBe(Credentials.Email);
        role.ToString().ShouldContain("PrivateKey = ***");
        host.Options.Connections["prod"].Stories.ShouldBe(["*"]);
        host.Options.Connections["prod"].Roles.ShouldBe(["author"]);
    }

    [Fact]
    public void A_credential_in_the_configuration_is_a_sensitive_value()
    {
        using var host = new FederationHost(Valid);

        var json = host.Options.Connections["ann"].Json.ShouldNotBeNull();

        json.ToString().ShouldBe(Sensitive.Mask);
        json.Reveal().ShouldBe(Credentials.UserJson);
    }

    [Fact]
    public async Task An_AWS_connection_gives_no_Google_token()
    {
        using var host = new FederationHost(Valid);

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync("prod", ["openid"], TestContext.Current.CancellationToken));

        error.Message.ShouldBe("connection 'prod': it is an identity of AWS and has no Google tokens. Get its credentials with Aws.GetCredentials, or name a Google connection.");
    }

    [Theory]
    [InlineData(null, "story", "run-1", "story")]
    [InlineData("{story}-{run}", "story", "0123456789abcdef0123456789abcdef", "story-0123456789abcdef0123456789abcdef")]
    [InlineData("{connection}.{story}", "a story", "r", "prod.a-story")]
    [InlineData("{story}-{run}", "a-story-with-a-name-that-is-much-too-long-for-sts", "0123456789abcdef0123456789abcdef", "a-story-with-a-name-that-is-muc-0123456789abcdef0123456789abcdef")]
    [InlineData(null, null, null, "prod")]
    public void A_session_is_named_by_the_template_and_a_run_s_id_is_never_cut(string? template, string? story, string? run, string expected)
    {
        var name = SessionName.From(template, "prod", story, run);

        name.ShouldBe(expected);
        RoleSessionName.IsValid(name).ShouldBeTrue();
    }
}
