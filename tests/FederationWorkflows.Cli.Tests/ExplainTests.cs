using System.Buffers.Text;
using System.Text;
using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow explain</c>.</summary>
public sealed class ExplainTests : TestFolder
{
    private const string Role = "arn:aws:iam::111122223333:role/incident-responder";
    private const string Broken = "arn:aws:iam::111122223333:role/broken-trust";
    private const string Trust = """
        {"Version":"2012-10-17","Statement":[{"Sid":"Google","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity",
        "Condition":{"StringEquals":{"accounts.google.com:oaud":"https://federation-workflows.example/aws","accounts.google.com:sub":"112233445566778899001"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}
        """;

    [Fact]
    public async Task A_token_that_is_let_in_ends_with_0()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "explain", "--lab", "--role", Role, "--token-file", Write("token", Token()));

        (code, error).ShouldBe((0, ""));
        output.ShouldContain("Allowed by GoogleServiceAccount.");
        output.ShouldNotContain(Token());
    }

    [Fact]
    public async Task A_token_that_is_refused_ends_with_2_and_the_remedy()
    {
        var (code, output, error) = await Fedflow.PipeAsync(Folder, Token(), "explain", "--lab", "--role", Broken, "--token-file", "-");

        (code, error).ShouldBe((2, ""));
        output.ShouldContain("StringEquals accounts.google.com:aud");
        output.ShouldContain("aud reads the token's azp, as it has one: put 'https://federation-workflows.example/aws' under accounts.google.com:oaud");
        output.ShouldNotContain(Token().Split('.')[1]);
    }

    [Fact]
    public async Task What_hangs_on_the_request_is_not_to_be_told_until_it_is_given()
    {
        Write("token", Token());
        Write("trust.json", Trust);
        string[] question = ["explain", "--trust-policy", "trust.json", "--token-file", "token"];

        (await Fedflow.RunAsync(Folder, question)).Code.ShouldBe(1);
        (await Fedflow.RunAsync(Folder, [.. question, "--context", "aws:SourceIp=203.0.113.7"])).Code.ShouldBe(0);
        (await Fedflow.RunAsync(Folder, [.. question, "--context", "aws:SourceIp=198.51.100.7"])).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Json_has_every_check()
    {
        Write("role.json", "{\"Role\":{\"Arn\":\"" + Role + "\",\"AssumeRolePolicyDocument\":" + Trust + "}}");
        var (code, output, _) = await Fedflow.RunAsync(Folder, "explain", "--trust-policy", "role.json", "--token-file", Write("token", Token()), "--context", "aws:SourceIp=198.51.100.7", "--json");

        code.ShouldBe(2);
        var result = Fedflow.Json(output);
        result.GetProperty("verdict").GetString().ShouldBe("Fails");
        var check = result.GetProperty("explanations")[0].GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("verdict").GetString() == "Fails");
        check.GetProperty("condition").GetString().ShouldBe("IpAddress aws:SourceIp");
        check.GetProperty("expected").GetString().ShouldBe("'203.0.113.0/24'");
        check.GetProperty("found").GetString().ShouldBe("'198.51.100.7'");
    }

    [Fact]
    public async Task A_token_in_the_clear_works_with_a_warning()
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, "explain", "--lab", "--role", Role, "--token", Token());

        code.ShouldBe(0);
        error.ShouldStartWith("Warning: a token on the command line is seen by other users of this machine");
        error.ShouldNotContain(Token());
    }

    [Fact]
    public async Task A_token_can_come_by_a_variable()
    {
        await using var fedflow = Fedflow.Start(Folder, new Dictionary<string, string> { ["ID_TOKEN"] = Token() }, "explain", "--lab", "--role", Role, "--token-env", "ID_TOKEN");
        (await fedflow.ExitAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("incident-responder", 0)]
    [InlineData("broken-trust", 2)]
    public async Task A_shipped_story_is_explained_before_it_runs(string role, int expected)
    {
        var (code, output, error) = await Fedflow.RunAsync(
            Folder, "explain", "--lab", "--story", Path.Combine(Checkout.Root, "workflows", "gcp-to-aws-list-buckets.json"), "--role", $"arn:aws:iam::111122223333:role/{role}");

        code.ShouldBe(expected, output + error);
        output.ShouldStartWith($"assumeRole: arn:aws:iam::111122223333:role/{role}\n");
    }

    [Fact]
    public async Task What_a_story_does_not_tell_of_its_token_is_said_to_be_unknown()
    {
        var story = Path.Combine(Checkout.Root, "workflows", "gcp-to-aws-list-buckets.json");
        Write("trust.json", Trust.Replace(",\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}", "", StringComparison.Ordinal));

        var (code, output, _) = await Fedflow.RunAsync(Folder, "explain", "--trust-policy", "trust.json", "--story", story);
        code.ShouldBe(1);
        output.ShouldContain("Only the token will tell its sub");
        (await Fedflow.RunAsync(Folder, "explain", "--trust-policy", "trust.json", "--story", story, "--subject", "112233445566778899001")).Code.ShouldBe(0);
        (await Fedflow.RunAsync(Folder, "explain", "--trust-policy", "trust.json", "--story", story, "--subject", "1")).Code.ShouldBe(2);
    }

    [Theory]
    [InlineData("Give the trust policy", "explain", "--token-env", "PATH")]
    [InlineData("The token cannot be read: A compact JWS has three parts", "explain", "--lab", "--role", Role, "--token-env", "PATH")]
    [InlineData("There is no environment variable NOT_THERE.", "explain", "--lab", "--role", Role, "--token-env", "NOT_THERE")]
    [InlineData("Give a token", "explain", "--lab", "--role", Role)]
    [InlineData("The trust policy cannot be read", "explain", "--trust-policy", "missing.json", "--story", "x")]
    public async Task What_is_missing_is_said(string message, params string[] arguments)
    {
        Write("x", """{"variables":[],"root":{"type":"t","id":"i","activities":[{"type":"Aws.AssumeRoleWithWebIdentity","id":"a","roleArn":{"expression":{"type":"Literal","value":"arn:aws:iam::111122223333:role/r"}}}]}}""");
        var (code, output, error) = await Fedflow.RunAsync(Folder, arguments);

        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith(message);
    }

    [Fact]
    public async Task A_run_against_the_lab_that_is_refused_says_which_condition_refused_it()
    {
        var story = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "workflows", "gcp-to-aws-list-buckets.json"), TestContext.Current.CancellationToken);
        var (code, output, _) = await Fedflow.RunAsync(Folder, "run", Write("story.json", story.Replace("role/incident-responder", "role/broken-trust", StringComparison.Ordinal)), "--lab");

        code.ShouldBe(1);
        output.ShouldContain("AudienceWhereAzpIsRead: StringEquals accounts.google.com:aud (it reads azp) expects 'https://federation-workflows.example/aws' and finds '112233445566778899001'.");
    }

    [Theory]
    [InlineData(null, 1, "It hangs on who signed the request.")]
    [InlineData("arn:aws:sts::111122223333:assumed-role/reader/story", 0, "Allowed: taken in as principal://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/subject/arn:aws:sts::111122223333:assumed-role/reader/story, which may become reader@ops-1.iam.gserviceaccount.com.")]
    [InlineData("arn:aws:sts::111122223333:assumed-role/writer/story", 2, "Denied: Google answers unauthorized_client: The given credential is rejected by the attribute condition.")]
    [InlineData("arn:aws:sts::444455556666:assumed-role/reader/story", 2, "Denied: Google answers invalid_grant: The AWS account of the given credential does not match the account of the provider.")]
    public async Task A_signed_request_is_explained_to_a_provider(string? caller, int expected, string summary)
    {
        string[] question = ["explain", "--provider", Write("provider.json", Provider), "--token-file", Write("request.txt", Request()), "--service-account-policy", Write("policy.json", Policy), "--service-account", "reader@ops-1.iam.gserviceaccount.com"];

        var (code, output, error) = await Fedflow.RunAsync(Folder, [.. question, .. caller is null ? (string[])[] : ["--caller", caller], "--json"]);

        (code, error).ShouldBe((expected, ""));
        var explained = Fedflow.Json(output).GetProperty("explanations")[0];
        explained.GetProperty("provider").GetString().ShouldBe("//iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws");
        explained.GetProperty("summary").GetString()!.ShouldStartWith(summary);
        explained.GetProperty("checks").EnumerateArray().Select(static check => check.GetProperty("condition").GetString()).ShouldBe(
            ["request", "host header", "target", "signed headers", "time", "AWS account", "attribute.aws_role", "google.subject", "attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/reader'", "roles/iam.workloadIdentityUser"]);
        output.ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task A_signed_request_for_another_provider_is_told_what_it_was_signed_for()
    {
        var (code, output, _) = await Fedflow.RunAsync(
            Folder, "explain", "--provider", Write("provider.json", Provider), "--token-file", Write("request.txt", Request("projects/77/locations/global/workloadIdentityPools/outside/providers/another")));

        code.ShouldBe(2);
        output.ShouldContain("x-goog-cloud-target-resource");
        output.ShouldContain("It was signed for another provider: give this one's full name when signing.");
    }

    [Fact]
    public async Task An_ID_token_is_explained_to_a_provider_of_tokens()
    {
        string provider = Write("provider.json", """
            {"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/google","oidc":{"issuerUri":"https://accounts.google.com","allowedAudiences":["https://federation-workflows.example/aws"]},
            "attributeMapping":{"google.subject":"assertion.sub"},"attributeCondition":"assertion.sub == '1'","state":"ACTIVE"}
            """);

        var (code, output, error) = await Fedflow.RunAsync(Folder, "explain", "--provider", provider, "--token-file", Write("token", Token()), "--json");

        (code, error).ShouldBe((2, ""));
        Fedflow.Json(output).GetProperty("explanations")[0].GetProperty("checks").EnumerateArray().Where(static check => check.GetProperty("verdict").GetString() == "Fails")
            .Select(static check => check.GetProperty("mend").GetString()).ShouldBe(["Compare it with the mapped values above: it names somebody else."]);
    }

    [Theory]
    [InlineData("aws-inbound", 0)]
    [InlineData("payroll-export", 2)]
    public async Task The_labs_own_providers_are_explained_by_their_names(string account, int expected)
    {
        const string Name = "//iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/outside/providers/forensics-aws";

        var (code, output, error) = await Fedflow.RunAsync(
            Folder, "explain", "--lab", "--provider", Name, "--token-file", Write("request.txt", Request(Name["//iam.googleapis.com/".Length..])),
            "--caller", "arn:aws:sts::444455556666:assumed-role/workload/i-0123456789abcdef0", "--service-account", $"{account}@security-automation.iam.gserviceaccount.com");

        code.ShouldBe(expected, output + error);
    }

    [Theory]
    [InlineData("The world has no provider nowhere.", "explain", "--lab", "--provider", "nowhere", "--token-env", "PATH")]
    [InlineData("Give the ID token or the signed request", "explain", "--lab", "--provider", "nowhere")]
    [InlineData("broken.json: name: is missing or no provider's", "explain", "--provider", "broken.json", "--token-env", "PATH")]
    [InlineData("The provider cannot be read", "explain", "--provider", "missing.json", "--token-env", "PATH")]
    [InlineData("'reader' is no caller's ARN", "explain", "--provider", "provider.json", "--token-env", "PATH", "--caller", "reader")]
    public async Task What_is_missing_for_a_provider_is_said(string message, params string[] arguments)
    {
        Write("provider.json", Provider);
        Write("broken.json", "{}");

        var (code, output, error) = await Fedflow.RunAsync(Folder, arguments);

        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith(message);
    }

    private const string Provider = """
        {"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws","aws":{"accountId":"111122223333"},"state":"ACTIVE",
        "attributeMapping":{"google.subject":"assertion.arn","attribute.aws_role":"assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/')"},
        "attributeCondition":"attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/reader'"}
        """;

    private const string Policy = """
        {"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/reader"]}]}
        """;

    private static string Request(string target = "projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws")
    {
        var signed = $$"""
            {"url":"https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15","method":"POST","headers":[
            {"key":"host","value":"sts.us-east-1.amazonaws.com"},{"key":"x-amz-date","value":"{{DateTimeOffset.UtcNow:yyyyMMdd'T'HHmmss'Z'}}"},{"key":"x-amz-security-token","value":"CANARYsession"},
            {"key":"x-goog-cloud-target-resource","value":"//iam.googleapis.com/{{target}}"},
            {"key":"Authorization","value":"AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20310405/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, Signature=CANARY"}]}
            """;
        return Uri.EscapeDataString(signed);
    }

    private static string Token()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 3600 * 3600;
        return string.Join('.', new[]
        {
            """{"alg":"RS256","kid":"1"}""",
            $$"""{"iss":"https://accounts.google.com","aud":"https://federation-workflows.example/aws","azp":"112233445566778899001","sub":"112233445566778899001","iat":{{now}},"exp":{{now + 7200}}}""",
            "not a signature",
        }.Select(static part => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part))));
    }
}
