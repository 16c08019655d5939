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
        ("Connections:here:Kind", "awsInstance"),
        ("Connections:next:Kind", "awsRole"), ("Connections:next:RoleArn", "arn:aws:iam::210987654321:role/next"), ("Connections:next:Source", "prod"), ("Connections:next:ExternalId", "case:2041/x"),
        ("Connections:pod:Kind", "projectedToken"), ("Connections:pod:TokenFile", "/var/run/secrets/aws/token"), ("Connections:pod:Issuer", "https://cluster.example/one"),
        ("Connections:near:Kind", "awsRole"), ("Connections:near:RoleArn", Role), ("Connections:near:Source", "pod"),
        ("Connections:pool:Kind", "workloadIdentityPool"), ("Connections:pool:Source", "here"),
        ("Connections:pool:Provider", "//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/aws-pool/providers/prod"),
    ];

    public static TheoryData<string, string?, string> WrongSettings => new()
    {
        { "prod:RoleArn", null, "prod:RoleArn is missing or no role: give arn:aws:iam::ACCOUNT:role/NAME." },
        { "prod:RoleArn", "arn:aws:iam::123456789012:user/CANARY", "prod:RoleArn is missing or no role: give arn:aws:iam::ACCOUNT:role/NAME." },
        { "prod:Source", null, "prod:Source is missing: give the name of the connection that it is reached from." },
        { "prod:Source", "nobody", "prod:Source is 'nobody', which is no connection: give the name of one." },
        { "prod:Source", "here", "prod:Audience is for Google sources only: remove it." },
        { "prod:Source", "next", "next:Source leads back to this connection: break the circle.|prod:Source leads back to this connection: break the circle." },
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
        { "next:Source", "nobody", "next:Source is 'nobody', which is no connection: give the name of one." },
        { "next:ExternalId", "x", "next:ExternalId is none: give 2 to 1224 of the characters A-Z a-z 0-9 + = , . @ : / _ -, as the role's owner set it." },
        { "next:ExternalId", "CANARY id", "next:ExternalId is none: give 2 to 1224 of the characters A-Z a-z 0-9 + = , . @ : / _ -, as the role's owner set it." },
        { "next:MaxDuration", "01:00:01", "next:MaxDuration is 01:00:01: a role that is assumed from another role gives 1 hour at most." },
        { "next:RoleArn", "arn:aws-cn:iam::210987654321:role/next", "next:RoleArn is in the partition aws-cn, and the role of its source in aws: no trust reaches from one to another." },
        { "next:Audience", "CANARY", "next:Audience is for Google sources only: remove it." },
        { "next:ServiceAccount", "reader@ops-1.iam.gserviceaccount.com", "next:ServiceAccount is for Google sources only: remove it." },
        { "prod:Profile", "CANARY", "prod:Profile is nothing that kind awsRole takes: remove it." },
        { "pool:Provider", "projects/ops-1", "pool:Provider is missing or no provider: give //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER." },
        { "pool:Source", null, "pool:Source and TokenFile: give one of them, an AWS connection or the file of a projected token." },
        { "pool:Source", "key", "pool:Source is no AWS connection: a pool is reached from an AWS connection or a TokenFile." },
        { "pool:TokenFile", "/token", "pool:Source and TokenFile: give one of them, an AWS connection or the file of a projected token." },
        { "pool:Source", "pod", "pool:Source is no AWS connection: a pool is reached from an AWS connection or a TokenFile." },
        { "pod:TokenFile", null, "pod:TokenFile is missing: give the path of the projected service account token (serviceAccountToken volume)." },
        { "pod:Issuer", null, "pod:Issuer is missing or no issuer: give the https URL that kubectl get --raw /.well-known/openid-configuration shows as issuer." },
        { "pod:Issuer", "http://cluster.example", "pod:Issuer is missing or no issuer: give the https URL that kubectl get --raw /.well-known/openid-configuration shows as issuer." },
        { "pod:Audience", "CANARY", "pod:Audience is nothing that kind projectedToken takes: remove it." },
        { "pod:File", "/CANARY", "pod: kind projectedToken takes neither file nor json: remove them, or give the kind of that credential." },
        { "near:Audience", "CANARY", "near:Audience is for Google sources only, and a projected token has its audience already: remove it." },
        { "near:ServiceAccount", "robot@ops-1.iam.gserviceaccount.com", "near:ServiceAccount is for Google sources only: remove it." },
        { "near:ExternalId", "CANARY", "near:ExternalId is for AWS sources only: remove it." },
        { "here:Issuer", "https://cluster.example", "here:Issuer is nothing that kind awsInstance takes: remove it." },
        { "here:Audience", "CANARY", "here:Audience is nothing that kind awsInstance takes: remove it." },
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

        error.Failures.ShouldBe(problem.Split('|').Select(one => "Federation:Connections:" + one));
        error.ToString().ShouldNotContain("CANARY");
    }

    [Theory]
    [InlineData("awsInstance", false)]
    [InlineData("awsContainer", false)]
    [InlineData("awsProfile", true)]
    [InlineData("awsEnvironment", true)]
    public void A_session_of_more_than_an_hour_starts_from_a_key_only(string kind, bool isAllowed)
    {
        using var host = new FederationHost(
            ("Connections:source:Kind", kind), ("Connections:role:Kind", "awsRole"), ("Connections:role:RoleArn", Role), ("Connections:role:Source", "source"), ("Connections:role:MaxDuration", "02:00:00"));

        if (isAllowed)
        {
            host.Options.Connections["role"].MaxDuration.ShouldBe(TimeSpan.FromHours(2));
            return;
        }

        Should.Throw<OptionsValidationException>(() => host.Options).Failures.ShouldBe(
            ["Federation:Connections:role:MaxDuration is 02:00:00: a role that is assumed from another role gives 1 hour at most."]);
    }

    [Fact]
    public void A_chain_of_roles_has_an_end()
    {
        using var host = new FederationHost(
        [
            ("Connections:role-0:Kind", "awsInstance"),
            .. Enumerable.Range(1, 5).SelectMany(static number => new (string, string?)[]
            {
                ($"Connections:role-{number}:Kind", "awsRole"), ($"Connections:role-{number}:RoleArn", $"arn:aws:iam::123456789012:role/role-{number}"), ($"Connections:role-{number}:Source", $"role-{number - 1}"),
            }),
        ]);

        Should.Throw<OptionsValidationException>(() => host.Options).Failures.ShouldBe(["Federation:Connections:role-5:Source leads over more than 4 connections: shorten the chain."]);
    }

    [Fact]
    public void A_role_is_configured_with_who_may_use_it()
    {
        using var host = new FederationHost([.. Valid, ("Connections:prod:MaxDuration", "00:30:00"), ("Connections:prod:Stories:0", "*"), ("Connections:prod:Roles:0", "author")]);

        var role = host.Options.Connections["prod"];

        role.RoleArn.ShouldBe(Role);
        role.Audience.ShouldBe("aws-prod");
        role.MaxDuration.ShouldBe(TimeSpan.FromMinutes(30));
        role.Stories.ShouldBe(["*"]);
        role.Roles.ShouldBe(["author"]);
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
