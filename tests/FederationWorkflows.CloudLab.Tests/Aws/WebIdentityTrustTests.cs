using System.Globalization;
using System.Text.Json.Nodes;

namespace FederationWorkflows.CloudLab.Tests.Aws;

public sealed class WebIdentityTrustTests : IAsyncLifetime
{
    private const string Denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    private const string NotAJwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    private const string NoKey = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

    private static readonly DateTimeOffset Start = new(2026, 3, 18, 10, 0, 0, TimeSpan.Zero);

    private readonly TestClock clock = new(Start);
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(clock, LabWorld.Parse(World));

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task A_trusted_token_becomes_a_session()
    {
        var answer = await lab.AssumeAsync();

        answer.Status.ShouldBe(200, answer.Text);
        answer["Arn"].ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
        answer["AssumedRoleId"].ShouldBe("AROA23456789ABCDEFGHI:INC-2041");
        answer["Audience"].ShouldBe(TestLab.ServiceAccount);
        answer["Provider"].ShouldBe("accounts.google.com");
        answer["SubjectFromWebIdentityToken"].ShouldBe(TestLab.ServiceAccount);
        answer["Expiration"].ShouldBe("2026-03-18T11:00:00Z");
        answer["AccessKeyId"]!.ShouldStartWith("ASIA");
        answer.Xml.Name.ToString().ShouldBe("{https://sts.amazonaws.com/doc/2011-06-15/}AssumeRoleWithWebIdentityResponse");
        answer.Response.Headers.GetValues("x-amzn-RequestId").Single().ShouldBe(answer["RequestId"]);
    }

    public static TheoryData<string, string?> SpoiledClaims => new()
    {
        // A changed or removed claim that the trust policy pins.
        { "aud", "https://elsewhere.example" },
        { "azp", "998877665544332211009" },
        { "azp", null },
        { "sub", "998877665544332211009" },
    };

    [Theory]
    [MemberData(nameof(SpoiledClaims))]
    public async Task A_claim_the_trust_policy_does_not_expect_is_denied(string claim, string? value)
    {
        var claims = lab.Claims();
        claims[claim] = value;
        if (value is null)
        {
            claims.Remove(claim);
        }

        (await lab.AssumeAsync(claims)).ShouldRefuse(403, "AccessDenied", Denied);
    }

    [Theory]
    [InlineData("deny-statement", "denied by NotThisOne")]
    [InlineData("wrong-action", "OtherAction: the action is not named")]
    [InlineData("wrong-principal", "OtherProvider: the principal is not named")]
    [InlineData("no-such-role", "there is no role arn:aws:iam::111122223333:role/no-such-role")]
    [InlineData(
        "broken-trust",
        "Mistaken: StringEquals accounts.google.com:aud: none of the expected values matches (expected https://federation-workflows.example/aws; found 112233445566778899001)")]
    public async Task A_role_whose_trust_policy_does_not_allow_is_denied_and_the_event_log_says_why(string role, string explanation)
    {
        var answer = await lab.AssumeAsync(change: form => form["RoleArn"] = $"arn:aws:iam::111122223333:role/{role}");

        answer.ShouldRefuse(403, "AccessDenied", Denied);
        lab.Server.Events.Snapshot()[^1].Explanation.ShouldBe(explanation);
    }

    [Theory]
    [InlineData("exp", -1, 400, "ExpiredTokenException", "Token expired: current date/time 1773828000 must be before the expiration date/time 1773827999")]
    [InlineData("exp", 0, 400, "ExpiredTokenException", "Token expired: current date/time 1773828000 must be before the expiration date/time 1773828000")]
    [InlineData("nbf", 61, 400, "InvalidIdentityToken", "The token is not valid before 2026-03-18 10:01:01Z; it is 2026-03-18 10:00:00Z.")]
    [InlineData("iat", 61, 400, "InvalidIdentityToken", "The token was issued in the future, at 2026-03-18 10:01:01Z; it is 2026-03-18 10:00:00Z.")]
    public async Task A_token_outside_its_time_is_refused(string claim, int seconds, int status, string code, string message)
    {
        var claims = lab.Claims();
        claims[claim] = Start.AddSeconds(seconds).ToUnixTimeSeconds();

        (await lab.AssumeAsync(claims)).ShouldRefuse(status, code, message);
    }

    [Theory]
    [InlineData("https://nobody.example", "No OpenIDConnect provider found in your account for https://nobody.example")]
    [InlineData("https://unregistered.example", "No OpenIDConnect provider found in your account for https://unregistered.example")]
    [InlineData("https://keyless.example", NoKey)]
    [InlineData("https://accounts.google.com.evil.example", "No OpenIDConnect provider found in your account for https://accounts.google.com.evil.example")]
    public async Task An_issuer_the_account_does_not_trust_is_refused(string issuer, string message)
    {
        var claims = lab.Claims();
        claims["iss"] = issuer;

        (await lab.AssumeAsync(claims)).ShouldRefuse(400, "InvalidIdentityToken", message);
    }

    [Theory]
    [InlineData("alg:none", "The token must be signed with RS256, RS384, RS512, ES256, ES384 or ES512.")]
    [InlineData("hmac with the public key", "The token must be signed with RS256, RS384, RS512, ES256, ES384 or ES512.")]
    [InlineData("tampered payload", "The token's signature is not that of key 'rsa-1' of https://accounts.google.com.")]
    [InlineData("tampered signature", "The token's signature is not that of key 'rsa-1' of https://accounts.google.com.")]
    [InlineData("algorithm of another key", "The token's signature is not that of key 'ec-1' of https://accounts.google.com.")]
    [InlineData("unknown key", NoKey)]
    [InlineData("access token", NotAJwt)]
    [InlineData("two parts", NotAJwt)]
    [InlineData("payload is no JSON", NotAJwt)]
    [InlineData("no sub", "The token has no \"sub\", or it is not text.")]
    public async Task A_token_nobody_vouches_for_is_refused(string how, string message)
    {
        var good = TestIssuer.Sign(lab.Claims());
        var parts = good.Split('.');
        var forged = lab.Claims();
        forged["sub"] = "1";
        var withoutSubject = lab.Claims();
        withoutSubject.Remove("sub");
        var token = how switch
        {
            "alg:none" => $"{TestIssuer.Encode("""{"alg":"none","kid":"rsa-1"}""")}.{parts[1]}.",
            "hmac with the public key" => TestIssuer.Sign(lab.Claims(), "HS256"),
            "tampered payload" => $"{parts[0]}.{TestIssuer.Encode(forged.ToJsonString())}.{parts[2]}",
            "tampered signature" => $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}",
            "algorithm of another key" => TestIssuer.Sign(lab.Claims(), "RS256", "ec-1"),
            "unknown key" => TestIssuer.Sign(lab.Claims(), keyId: "rsa-2"),
            "access token" => "ya29.a0AfB_byC",
            "two parts" => $"{parts[0]}.{parts[1]}",
            "payload is no JSON" => $"{parts[0]}.{TestIssuer.Encode("{")}.{parts[2]}",
            _ => TestIssuer.Sign(withoutSubject),
        };

        var answer = await lab.PostAsync(TestLab.AssumeForm(token));

        answer.ShouldRefuse(400, "InvalidIdentityToken", message);
        answer.Text.ShouldNotContain(token);
    }

    [Fact]
    public async Task A_registered_provider_is_trusted_for_its_client_ids_only()
    {
        var claims = lab.Claims();
        claims["iss"] = "https://ci.example";
        claims.Remove("azp");
        claims["aud"] = new JsonArray("sts.amazonaws.com");
        var trusted = await lab.PostAsync(WithRole(TestIssuer.Sign(claims, "ES256", "ec-1"), "ci-deploy"));
        claims["aud"] = "somebody.else";
        var other = await lab.PostAsync(WithRole(TestIssuer.Sign(claims), "ci-deploy"));

        trusted.Status.ShouldBe(200, trusted.Text);
        trusted["Provider"].ShouldBe("arn:aws:iam::111122223333:oidc-provider/ci.example");
        trusted["Audience"].ShouldBe("sts.amazonaws.com");
        other.ShouldRefuse(400, "InvalidIdentityToken", "Incorrect token audience");
    }

    [Theory]
    [InlineData("DurationSeconds", "899", "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")]
    [InlineData("DurationSeconds", "43201", "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")]
    [InlineData("DurationSeconds", "3601", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    [InlineData("RoleSessionName", "x", "1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2")]
    [InlineData("RoleSessionName", "a b", @"1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*")]
    [InlineData("RoleSessionName", "a<&>", @"1 validation error detected: Value 'a<&>' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*")]
    [InlineData("RoleSessionName", null, "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null")]
    [InlineData("WebIdentityToken", null, "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null")]
    [InlineData("WebIdentityToken", "abc", "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4")]
    [InlineData("RoleArn", "arn:aws:iam::111122223333:user/incident-responder", "arn:aws:iam::111122223333:user/incident-responder is invalid")]
    public async Task A_parameter_out_of_bounds_is_refused_in_the_words_of_AWS(string name, string? value, string message)
    {
        var answer = await lab.AssumeAsync(change: form =>
        {
            form.Remove(name);
            if (value is not null)
            {
                form.Add(name, value);
            }
        });

        answer.ShouldRefuse(400, "ValidationError", message);
    }

    [Fact]
    public async Task Characters_that_xml_does_not_have_are_answered_all_the_same()
    {
        var answer = await lab.AssumeAsync(change: static form => form["RoleSessionName"] = "a\u0001\ufffe");

        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain("Member must satisfy regular expression pattern");
    }

    [Fact]
    public async Task Several_parameters_out_of_bounds_are_reported_together()
    {
        var answer = await lab.AssumeAsync(change: form =>
        {
            form["RoleSessionName"] = "x";
            form["DurationSeconds"] = "1";
        });

        answer.ShouldRefuse(
            400,
            "ValidationError",
            "2 validation errors detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2; "
            + "Value '1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900");
    }

    [Theory]
    [InlineData(2049, "ValidationError")]
    [InlineData(2048, "MalformedPolicyDocument")]
    public async Task A_session_policy_has_at_most_2048_characters(int length, string code) =>
        (await lab.AssumeAsync(change: form => form["Policy"] = new string('x', length)))["Code"].ShouldBe(code);

    [Theory]
    [InlineData("{", "This policy contains invalid Json")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}""", "Syntax errors in policy.")]
    public async Task A_session_policy_that_is_none_is_refused(string policy, string message) =>
        (await lab.AssumeAsync(change: form => form["Policy"] = policy)).ShouldRefuse(400, "MalformedPolicyDocument", message);

    [Fact]
    public async Task A_session_may_be_shorter_than_the_role_allows()
    {
        var answer = await lab.AssumeAsync(change: form => form["DurationSeconds"] = 900.ToString(CultureInfo.InvariantCulture));

        answer["Expiration"].ShouldBe("2026-03-18T10:15:00Z");
    }

    [Fact]
    public async Task Tags_in_the_token_need_the_trust_policy_to_allow_tagging()
    {
        var claims = lab.Claims();
        claims["https://aws.amazon.com/tags"] = new JsonObject { ["principal_tags"] = new JsonObject { ["team"] = new JsonArray("soc") } };

        (await lab.AssumeAsync(claims)).ShouldRefuse(403, "AccessDenied", "Not authorized to perform sts:TagSession");
    }

    [Fact]
    public async Task An_unknown_action_is_refused()
    {
        var answer = await lab.AssumeAsync(change: form => form["Action"] = "AssumeRoleWithSAML");

        answer.ShouldRefuse(400, "InvalidAction", "Could not find operation AssumeRoleWithSAML for version 2011-06-15");
    }

    private static Dictionary<string, string> WithRole(string token, string role)
    {
        var form = TestLab.AssumeForm(token);
        form["RoleArn"] = $"arn:aws:iam::111122223333:role/{role}";
        return form;
    }

    private static string Trust(string sid, string effect = "Allow", string principal = "accounts.google.com", string action = "sts:AssumeRoleWithWebIdentity", string condition = "{}") =>
        $$"""{"Sid":"{{sid}}","Effect":"{{effect}}","Principal":{"Federated":"{{principal}}"},"Action":"{{action}}","Condition":{{condition}} }""";

    private static string Role(string name, params string[] statements) =>
        $$"""{"name":"{{name}}","roleId":"AROA23456789ABCDEFGHI","trustPolicy":{"Version":"2012-10-17","Statement":[{{string.Join(',', statements)}}] } }""";

    private const string Pinned =
        """{"StringEquals":{"accounts.google.com:oaud":"https://federation-workflows.example/aws","accounts.google.com:aud":"112233445566778899001","accounts.google.com:sub":"112233445566778899001"}}""";

    private static string World => $$"""
        {"aws":{"accounts":[{
          "id":"111122223333",
          "oidcProviders":[{"url":"https://ci.example","clientIds":["sts.amazonaws.com"]},{"url":"https://keyless.example","clientIds":["112233445566778899001"]}],
          "roles":[
            {{Role("incident-responder", Trust("Google", condition: Pinned))}},
            {{Role("deny-statement", Trust("Google", condition: Pinned), Trust("NotThisOne", "Deny", condition: """{"StringLike":{"accounts.google.com:sub":"1122*"}}"""))}},
            {{Role("wrong-action", Trust("OtherAction", action: "sts:AssumeRole"))}},
            {{Role("wrong-principal", Trust("OtherProvider", principal: "arn:aws:iam::111122223333:oidc-provider/accounts.google.com"))}},
            {{Role("broken-trust", Trust("Mistaken", condition: """{"StringEquals":{"accounts.google.com:aud":"https://federation-workflows.example/aws"}}"""))}},
            {{Role("ci-deploy", Trust("Ci", principal: "arn:aws:iam::111122223333:oidc-provider/ci.example", condition: """{"StringEquals":{"ci.example:aud":"sts.amazonaws.com"}}"""))}}
          ]}] } }
        """;
}
