using System.Net;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class AssumeRoleTests : IDisposable
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";
    private const string Subject = "112233445566778899001";

    private const string Answer = """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <SubjectFromWebIdentityToken>112233445566778899001</SubjectFromWebIdentityToken>
            <Audience>112233445566778899001</Audience>
            <Provider>accounts.google.com</Provider>
            <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/112233445566778899001</Arn><AssumedRoleId>AROAEXAMPLE:112233445566778899001</AssumedRoleId></AssumedRoleUser>
            <Credentials>
              <AccessKeyId>ASIAEXAMPLE0000001</AccessKeyId><SecretAccessKey>SECRETgranted</SecretAccessKey><SessionToken>SESSIONgranted</SessionToken>
              <Expiration>2031-04-05T07:07:08Z</Expiration>
            </Credentials>
          </AssumeRoleWithWebIdentityResult>
          <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
        </AssumeRoleWithWebIdentityResponse>
        """;

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_token_is_exchanged_for_credentials_by_an_unsigned_form()
    {
        host.Network.AnswerXml(Answer);
        var token = Credentials.IdToken();

        var credentials = await host.Aws.AssumeRoleWithWebIdentityAsync(
            new WebIdentityRequest
            {
                RoleArn = Role,
                WebIdentityToken = Sensitive.Of(token),
                SessionName = "incident-7",
                DurationSeconds = 900,
                SessionPolicy = """{"Version":"2012-10-17","Statement":[]}""",
                Region = "eu-central-1",
            },
            TestContext.Current.CancellationToken);

        var sent = host.Network.Only;
        sent.Method.ShouldBe("POST");
        sent.Url.ShouldBe("https://sts.eu-central-1.amazonaws.com/");
        sent.Form.ShouldBe(
            new Dictionary<string, string>
            {
                ["Action"] = "AssumeRoleWithWebIdentity",
                ["Version"] = "2011-06-15",
                ["RoleArn"] = Role,
                ["RoleSessionName"] = "incident-7",
                ["WebIdentityToken"] = token,
                ["DurationSeconds"] = "900",
                ["Policy"] = """{"Version":"2012-10-17","Statement":[]}""",
            },
            ignoreOrder: true);
        sent.Headers.Keys.ShouldNotContain("Authorization");
        sent.Headers.Keys.ShouldNotContain("X-Amz-Security-Token");
        sent.Headers["amz-sdk-request"].ShouldBe("attempt=1; max=1");
        credentials.AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");
        credentials.SecretAccessKey.Reveal().ShouldBe("SECRETgranted");
        credentials.SessionToken!.Reveal().ShouldBe("SESSIONgranted");
        credentials.Expiration.ShouldBe(new DateTimeOffset(2031, 4, 5, 7, 7, 8, TimeSpan.Zero));
        credentials.AssumedRoleArn.ShouldBe("arn:aws:sts::123456789012:assumed-role/reader/112233445566778899001");
        credentials.AssumedRoleId.ShouldBe("AROAEXAMPLE:112233445566778899001");
        credentials.Audience.ShouldBe(Subject);
        credentials.Provider.ShouldBe("accounts.google.com");
        credentials.SubjectFromWebIdentityToken.ShouldBe(Subject);
    }

    [Fact]
    public async Task Without_more_the_session_is_named_by_the_tokens_subject_and_sts_chooses_the_duration()
    {
        host.Network.AnswerXml(Answer);

        await host.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken);

        host.Network.Only.Url.ShouldBe("https://sts.us-east-1.amazonaws.com/");
        host.Network.Only.Form["RoleSessionName"].ShouldBe(Subject);
        host.Network.Only.Form.Keys.ShouldNotContain("DurationSeconds");
        host.Network.Only.Form.Keys.ShouldNotContain("Policy");
    }

    [Theory]
    [InlineData("arn:aws:iam::123456789012:role/reader", "us-east-1", "https://sts.us-east-1.amazonaws.com/")]
    [InlineData("arn:aws:iam::123456789012:role/team/path/reader", "eu-west-1", "https://sts.eu-west-1.amazonaws.com/")]
    [InlineData("arn:aws-cn:iam::123456789012:role/reader", "eu-west-1", "https://sts.cn-north-1.amazonaws.com.cn/")]
    [InlineData("arn:aws-us-gov:iam::123456789012:role/reader", "eu-west-1", "https://sts.us-gov-west-1.amazonaws.com/")]
    public async Task Each_partition_has_its_own_sts(string role, string configured, string url)
    {
        using var elsewhere = new FederationHost(("AwsRegion", configured));
        elsewhere.Network.AnswerXml(Answer);

        await elsewhere.Aws.AssumeRoleWithWebIdentityAsync(Request() with { RoleArn = role }, TestContext.Current.CancellationToken);

        elsewhere.Network.Only.Url.ShouldBe(url);
    }

    [Fact]
    public async Task An_administrators_endpoint_takes_the_place_of_aws()
    {
        using var moved = new FederationHost(("Endpoints:AwsSts", "http://127.0.0.1:4566/"));
        moved.Network.AnswerXml(Answer);

        await moved.Aws.AssumeRoleWithWebIdentityAsync(Request() with { Region = "eu-central-1" }, TestContext.Current.CancellationToken);

        moved.Network.Only.Url.ShouldBe("http://127.0.0.1:4566/");
    }

    private const string Keys =
        $"For its conditions accounts.google.com:aud is '{Subject}' (the token's azp), accounts.google.com:oaud is 'aws-prod' (the token's aud), accounts.google.com:sub is '{Subject}', "
        + "accounts.google.com:email is 'robot@ops-1.iam.gserviceaccount.com'; Principal.Federated must be accounts.google.com; the token expires at 2031-04-05T07:07:08Z.";

    public static TheoryData<string, string, string> Refusals => new()
    {
        {
            "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            $"The role {Role} does not exist, or its trust policy does not allow this token to sts:AssumeRoleWithWebIdentity. "
            + Keys
        },
        {
            "ExpiredTokenException", "Token expired: current date/time 1 must be before the expiration date/time 0",
            "The ID token is expired: mint a new one just before this call. "
            + Keys
        },
        {
            "MalformedPolicyDocument", "Syntax errors in policy.",
            "Correct the session policy: it must be an IAM policy document (Version 2012-10-17, Statement) without Principal."
        },
        {
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "Raise the role's maximum session duration (aws iam update-role --max-session-duration) or ask for less."
        },
        { "ValidationError", "1 validation error detected", "Check role ARN, session name, duration and session policy." },
        {
            "RegionDisabledException", "STS is not activated in this region for account",
            "STS is not activated in this region for account 123456789012: activate it in the account settings of IAM, or use another region."
        },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_keeps_the_words_of_sts_and_says_what_to_check(string code, string message, string advice)
    {
        host.Network.AnswerXml(Error(code, message), HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Cloud.ShouldBe(Cloud.Aws);
        error.Side.ShouldBe(FailureSide.Cloud);
        error.Service.ShouldBe("AWS STS");
        error.Api.ShouldBe("sts:AssumeRoleWithWebIdentity");
        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(403);
        error.Detail.ShouldBe(message);
        error.Advice.ShouldBe(advice);
        error.IsRetryable.ShouldBeFalse();
        error.Message.ShouldBe($"AWS STS refused sts:AssumeRoleWithWebIdentity: {code} (HTTP 403): {message}{(message.EndsWith('.') ? "" : ".")} {advice}");
    }

    [Theory]
    [InlineData("No OpenIDConnect provider found in your account for https://issuer.example", "Make an IAM identity provider for the token's issuer in account 123456789012; accounts.google.com needs none, it is built in.")]
    [InlineData("Incorrect token audience", "The audience is not among the client ids of the IAM identity provider: add it.")]
    [InlineData("The ID Token provided is not a valid JWT.", "STS could not verify the token: check that it is an unchanged ID token (not an access token) and that its issuer publishes its keys.")]
    public async Task For_other_issuers_the_advice_shows_the_claims_by_their_own_names(string message, string advice)
    {
        host.Network.AnswerXml(Error("InvalidIdentityToken", message), HttpStatusCode.BadRequest);
        var token = Credentials.IdToken(new { iss = "https://issuer.example", aud = new[] { "one", "two" }, sub = "repo:a/b", iat = 1, exp = 1933052828 });

        var error = await Should.ThrowAsync<FederationException>(
            () => host.Aws.AssumeRoleWithWebIdentityAsync(Request() with { WebIdentityToken = Sensitive.Of(token) }, TestContext.Current.CancellationToken));

        error.Advice.ShouldBe(
            $"{advice} For its conditions issuer.example:aud is 'one' or 'two', issuer.example:oaud is 'one' or 'two' (the token's aud), issuer.example:sub is 'repo:a/b'; "
            + "Principal.Federated must be arn:aws:iam::123456789012:oidc-provider/issuer.example; the token expires at 2031-04-04T07:07:08Z.");
    }

    [Fact]
    public async Task A_google_token_without_azp_is_shown_as_aws_reads_it()
    {
        host.Network.AnswerXml(Error("AccessDenied", "Not authorized"), HttpStatusCode.Forbidden);
        var token = Credentials.IdToken(new { iss = "https://accounts.google.com", aud = "aws-prod", sub = "1", iat = 1, exp = 1933052828 });

        var error = await Should.ThrowAsync<FederationException>(
            () => host.Aws.AssumeRoleWithWebIdentityAsync(Request() with { WebIdentityToken = Sensitive.Of(token) }, TestContext.Current.CancellationToken));

        error.Advice.ShouldContain("accounts.google.com:aud is 'aws-prod', accounts.google.com:oaud is 'aws-prod' (the token's aud), accounts.google.com:sub is '1';");
    }

    [Fact]
    public async Task Where_the_trust_policy_is_declared_the_refusal_names_the_condition()
    {
        const string Trust = """{"Version":"2012-10-17","Statement":[{"Sid":"Google","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"accounts.google.com:aud":"aws-prod","accounts.google.com:sub":"112233445566778899001"}}}]}""";
        using var knowing = new FederationHost(("TrustPolicies:reader:RoleArn", Role), ("TrustPolicies:reader:Json", Trust));
        knowing.Network.AnswerXml(Error("AccessDenied", "Not authorized"), HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(() => knowing.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Advice.ShouldBe(
            "Denied: Google comes closest, and 1 of its 4 checks fails. "
            + $"Google: StringEquals accounts.google.com:aud (it reads azp) expects 'aws-prod' and finds '{Subject}'. "
            + $"aud reads the token's azp, as it has one: put 'aws-prod' under accounts.google.com:oaud, and '{Subject}' here.");
        error.Explanation!.Verdict.ShouldBe(TrustVerdict.Fails);
        error.Explanation.Checks.Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_declared_trust_policy_that_lets_the_token_in_is_not_the_one_in_aws()
    {
        const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}]}""";
        using var knowing = new FederationHost(("TrustPolicies:reader:RoleArn", Role), ("TrustPolicies:reader:Json", Trust));
        knowing.Network.AnswerXml(Error("AccessDenied", "Not authorized"), HttpStatusCode.Forbidden);

        var error = await Should.ThrowAsync<FederationException>(() => knowing.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Advice.ShouldStartWith($"The trust policy declared for {Role} would let this token in (Allowed by Statement[0]), so the role in AWS has another one or does not exist");
    }

    [Theory]
    [InlineData(400, "Throttling", true)]
    [InlineData(400, "IDPCommunicationError", true)]
    [InlineData(503, "ServiceUnavailable", true)]
    [InlineData(500, "InternalFailure", true)]
    [InlineData(400, "IDPRejectedClaim", false)]
    [InlineData(400, "PackedPolicyTooLarge", false)]
    public async Task A_passing_fault_is_marked_so_with_the_wait_that_was_asked_for(int status, string code, bool retryable)
    {
        host.Network.AnswerXml(Error(code, "message"), (HttpStatusCode)status, retryAfter: "7");

        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Code.ShouldBe(code);
        error.IsRetryable.ShouldBe(retryable);
        error.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        error.Advice.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData(502, "<html>CANARY</html>", "BadGateway", "HTTP 502 without an explanation", true)]
    [InlineData(404, "", "NotFound", "HTTP 404 without an explanation", false)]
    public async Task An_error_page_is_named_by_its_status_and_not_repeated(int status, string body, string code, string detail, bool retryable)
    {
        host.Network.AnswerXml(body, (HttpStatusCode)status);

        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Code.ShouldBe(code);
        error.Detail.ShouldBe(detail);
        error.IsRetryable.ShouldBe(retryable);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("<html><body>sign in</body></html>")]
    [InlineData("""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"></AssumeRoleWithWebIdentityResponse>""")]
    [InlineData("""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId><Expiration>never</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>""")]
    public async Task A_success_without_credentials_is_an_unreadable_answer(string body)
    {
        host.Network.AnswerXml(body);

        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleWithWebIdentityAsync(Request(), TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
        error.Side.ShouldBe(FailureSide.Network);
    }

    public static TheoryData<WebIdentityRequest, string> BadInputs => new()
    {
        { Request() with { RoleArn = "arn:aws:sts::123456789012:assumed-role/reader/x" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = "arn:aws:iam::12345:role/reader" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = "arn:aws-evil:iam::123456789012:role/reader" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = "arn:aws:iam::123456789012:role/with space" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = Role + "\n" }, "the role ARN is not the ARN of a role" },
        { Request() with { RoleArn = Role + "/" }, "the role ARN is not the ARN of a role" },
        { Request() with { Region = "attacker.example/" }, "the region is no AWS region" },
        { Request() with { Region = "eu-central-1.attacker" }, "the region is no AWS region" },
        { Request() with { Region = "EU-CENTRAL-1" }, "the region is no AWS region" },
        { Request() with { Region = "cn-north-1" }, "the region cn-north-1 is not in the partition aws of the role" },
        { Request() with { DurationSeconds = 899 }, "the duration is 899 seconds" },
        { Request() with { DurationSeconds = 43_201 }, "the duration is 43201 seconds" },
        { Request() with { SessionName = "a" }, "the session name is not valid" },
        { Request() with { SessionName = new string('a', 65) }, "the session name is not valid" },
        { Request() with { SessionName = "müller" }, "the session name is not valid" },
        { Request() with { SessionPolicy = "" }, "the session policy has 0 characters" },
        { Request() with { SessionPolicy = new string(' ', 2049) }, "the session policy has 2049 characters" },
        { Request() with { SessionPolicy = "{\n \"Version\": }" }, "the session policy is not valid JSON at line 2, byte 13" },
        { Request() with { SessionPolicy = "[]" }, "the session policy is not a JSON object" },
        { Request() with { SessionPolicy = """{"Effect":"Deny","Effect":"Allow"}""" }, "the session policy has a property twice" },
        { Request() with { WebIdentityToken = Sensitive.Of("abc") }, "the web identity token has 3 characters" },
        { Request() with { WebIdentityToken = Sensitive.Of(new string('a', 20_001)) }, "the web identity token has 20001 characters" },
        { Request() with { WebIdentityToken = Sensitive.Of("ya29.CANARY") }, "the web identity token cannot be read, it has 2 part(s) between dots where a signed JSON web token has three" },
        { Request() with { WebIdentityToken = Sensitive.Of(Credentials.IdToken(new { iss = "x" })) }, "the web identity token has no sub to name the session by" },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task A_wrong_input_is_refused_before_anything_is_sent(WebIdentityRequest request, string detail)
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.Aws.AssumeRoleWithWebIdentityAsync(request, TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.InvalidInput);
        error.Side.ShouldBe(FailureSide.Here);
        error.Detail.ShouldBe(detail);
        error.Advice.ShouldNotBeEmpty();
        error.ToString().ShouldNotContain("CANARY");
        host.Network.Requests.ShouldBeEmpty();
    }

    private static WebIdentityRequest Request() => new() { RoleArn = Role, WebIdentityToken = Sensitive.Of(Credentials.IdToken()) };

    private static string Error(string code, string message) =>
        $"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>""";
}
