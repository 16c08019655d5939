using System.Net;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class ChainedRoleTests : IDisposable
{
    private const string Role = "arn:aws:iam::444455556666:role/forensics-reader";

    private const string Granted = """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
        <AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/forensics-reader/session</Arn><AssumedRoleId>AROA2:session</AssumedRoleId></AssumedRoleUser>
        <Credentials><AccessKeyId>ASIAEXAMPLE0000002</AccessKeyId><SecretAccessKey>CANARYsecret2</SecretAccessKey><SessionToken>CANARYsession2</SessionToken><Expiration>2031-04-05T06:22:08Z</Expiration></Credentials>
        </AssumeRoleResult></AssumeRoleResponse>
        """;

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_role_is_reached_from_another_and_keeps_the_sessions_name()
    {
        host.Network.AnswerXml(Granted);

        var credentials = await host.Aws.AssumeRoleAsync(
            Request() with { ExternalId = "case:2041/x", DurationSeconds = 3600, SessionPolicy = """{"Version":"2012-10-17","Statement":[]}""", Region = "eu-central-1" }, TestContext.Current.CancellationToken);

        var sent = host.Network.Only;
        sent.Url.ShouldBe("https://sts.eu-central-1.amazonaws.com/");
        sent.Form["Action"].ShouldBe("AssumeRole");
        sent.Form["RoleArn"].ShouldBe(Role);
        sent.Form["RoleSessionName"].ShouldBe("session");
        sent.Form["ExternalId"].ShouldBe("case:2041/x");
        sent.Form["DurationSeconds"].ShouldBe("3600");
        sent.Form["Policy"].ShouldBe("""{"Version":"2012-10-17","Statement":[]}""");
        sent.Headers["X-Amz-Security-Token"].ShouldBe("CANARYsessionToken0123456789");
        credentials.AssumedRoleArn.ShouldBe("arn:aws:sts::444455556666:assumed-role/forensics-reader/session");
        credentials.SecretAccessKey.Reveal().ShouldBe("CANARYsecret2");
        credentials.Expiration.ShouldBe(new DateTimeOffset(2031, 4, 5, 6, 22, 8, TimeSpan.Zero));
        credentials.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task A_key_may_ask_for_more_than_an_hour_and_has_no_session_to_be_named_after()
    {
        host.Network.AnswerXml(Granted);

        await host.Aws.AssumeRoleAsync(Request() with { Credentials = Key, DurationSeconds = 7200 }, TestContext.Current.CancellationToken);

        host.Network.Only.Form["DurationSeconds"].ShouldBe("7200");
        host.Network.Only.Form["RoleSessionName"].ShouldBe("federation-workflows");
        host.Network.Only.Headers.Keys.ShouldNotContain("X-Amz-Security-Token");
    }

    [Theory]
    [InlineData("User: a is not authorized to perform: sts:AssumeRole on resource: b because no identity-based policy allows the sts:AssumeRole action", false, "The side that asks lacks the right: allow sts:AssumeRole on arn:aws:iam::444455556666:role/forensics-reader in a policy of arn:aws:sts::123456789012:assumed-role/reader/session.")]
    [InlineData("User: a is not authorized to perform: sts:AssumeRole on resource: b because no resource-based policy allows the sts:AssumeRole action", false, "The side that is asked does not trust: The trust policy of arn:aws:iam::444455556666:role/forensics-reader must allow sts:AssumeRole to the caller's role or account as Principal.AWS, and have no sts:ExternalId condition, since no external id was given.")]
    [InlineData("User: a is not authorized to perform: sts:AssumeRole on resource: b with an explicit deny in an identity-based policy", false, "A policy denies it. Look for the Deny that the message names")]
    [InlineData("User: a is not authorized to perform: sts:AssumeRole on resource: b", true, "Both sides must agree, or the role does not exist. A policy of arn:aws:sts::123456789012:assumed-role/reader/session must allow sts:AssumeRole on arn:aws:iam::444455556666:role/forensics-reader, and session policy, permissions boundary and service control policies must not take it away. The trust policy of arn:aws:iam::444455556666:role/forensics-reader must allow sts:AssumeRole to the caller's role or account as Principal.AWS, and an sts:ExternalId condition must fit the external id that was given.")]
    public async Task A_refusal_says_which_side_lacks_what(string message, bool withExternalId, string advice)
    {
        host.Network.AnswerXml(Error("AccessDenied", message), HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleAsync(Request() with { ExternalId = withExternalId ? "case-2041" : null }, TestContext.Current.CancellationToken));

        error.Api.ShouldBe("sts:AssumeRole");
        error.Code.ShouldBe("AccessDenied");
        error.Detail.ShouldBe(message);
        error.Advice.ShouldStartWith(advice);
    }

    [Theory]
    [InlineData("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", "From a role's session an hour is the most: ask for 3600 seconds or less.")]
    [InlineData("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", "Raise the role's maximum session duration (aws iam update-role --max-session-duration) or ask for less.")]
    [InlineData("ExpiredToken", "expired", "The credentials have expired: assume the role again.")]
    [InlineData("RegionDisabledException", "off", "STS is not activated in this region for account 444455556666: activate it in the account settings of IAM, or use another region.")]
    public async Task Other_refusals_have_their_advice(string code, string message, string advice)
    {
        host.Network.AnswerXml(Error(code, message), HttpStatusCode.BadRequest);

        (await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleAsync(Request(), TestContext.Current.CancellationToken))).Advice.ShouldBe(advice);
    }

    public static TheoryData<RoleRequest, string> BadInputs => new()
    {
        { Request() with { RoleArn = "forensics-reader" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = "arn:aws-cn:iam::444455556666:role/r" }, "the role is in the partition aws-cn, and the credentials are not" },
        { Request() with { SessionName = "x" }, "the session name is not valid" },
        { Request() with { DurationSeconds = 899 }, "the duration is 899 seconds" },
        { Request() with { DurationSeconds = 3601 }, "the duration is 3601 seconds" },
        { Request() with { Credentials = Key, DurationSeconds = 43_201 }, "the duration is 43201 seconds" },
        { Request() with { ExternalId = "x" }, "the external id is none" },
        { Request() with { ExternalId = "CANARY id" }, "the external id is none" },
        { Request() with { SessionPolicy = "[]" }, "the session policy is not a JSON object" },
        { Request() with { Region = "nowhere" }, "the region is no AWS region" },
        { Request() with { Credentials = Key with { AccessKeyId = "CANARY\n" } }, "the credentials do not have the form of AWS credentials" },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task A_wrong_input_is_refused_before_anything_is_sent(RoleRequest request, string detail)
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleAsync(request, TestContext.Current.CancellationToken));

        error.Detail.ShouldBe(detail);
        error.ToString().ShouldNotContain("CANARY");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_cloudlabs_user_becomes_a_role_of_another_account()
    {
        await using var lab = await LabHost.StartAsync();

        var credentials = await lab.Host.Aws.AssumeRoleAsync(new RoleRequest { Credentials = lab.User, RoleArn = Role, SessionName = "INC-2041" }, TestContext.Current.CancellationToken);

        (await lab.Host.Aws.GetCallerIdentityAsync(credentials, cancellationToken: TestContext.Current.CancellationToken)).Arn.ShouldBe("arn:aws:sts::444455556666:assumed-role/forensics-reader/INC-2041");
        (await Should.ThrowAsync<FederationException>(() => lab.Host.Aws.AssumeRoleAsync(
            new RoleRequest { Credentials = lab.User, RoleArn = "arn:aws:iam::111122223333:role/incident-responder" }, TestContext.Current.CancellationToken))).Code.ShouldBe("AccessDenied");
    }

    private static AwsCredentials Key { get; } = new() { AccessKeyId = "AKIAEXAMPLE0000001", SecretAccessKey = Sensitive.Of("CANARYkey") };

    private static RoleRequest Request() => new() { Credentials = Credentials.Session, RoleArn = Role };

    private static string Error(string code, string message) =>
        $"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>""";
}
