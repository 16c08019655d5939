using FederationWorkflows.Federation.Lint;

namespace FederationWorkflows.Federation.Tests.Lint;

/// <summary>What <c>fedflow lint</c> finds, and what it leaves alone.</summary>
public sealed class TrustLinterTests
{
    private const string Google = "accounts.google.com";
    private const string GitHub = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    private const string Pinned =
        """{"StringEquals":{"accounts.google.com:oaud":"https://aud.example","accounts.google.com:aud":"1122","accounts.google.com:sub":"1122"}}""";

    [Fact]
    public void A_policy_that_pins_all_three_claims_has_no_findings() => Lint(Trust(Google, Pinned)).ShouldBeEmpty();

    [Theory]
    [InlineData("sub", "google-sub-missing")]
    [InlineData("oaud", "google-oaud-missing")]
    [InlineData("aud", "google-aud-missing")]
    public void Dropping_any_one_condition_is_found(string claim, string rule) =>
        Lint(Trust(Google, Pinned.Replace($"accounts.google.com:{claim}\"", "aws:RequestedRegion\"", StringComparison.Ordinal))).ShouldBe([rule]);

    [Theory]
    [InlineData("StringEqualsIfExists", "\"1122\"", "condition-if-exists")]
    [InlineData("ForAllValues:StringEquals", "[\"1122\"]", "condition-for-all-values")]
    [InlineData("StringNotEquals", "\"3344\"", "condition-negated")]
    [InlineData("StringNotLike", "\"3344\"", "condition-negated")]
    [InlineData("Null", "\"true\"", "condition-negated")]
    [InlineData("Null", "\"false\"", "condition-negated")]
    [InlineData("StringLike", "\"*\"", "condition-matches-everything")]
    [InlineData("StringLike", "\"?*\"", "condition-matches-everything")]
    [InlineData("StringLike", "\"11*22\"", "condition-wildcard-inside")]
    [InlineData("StringLike", "\"*1122\"", "condition-wildcard-inside")]
    [InlineData("StringLike", "[\"1122\",\"11*\"]", "condition-wildcard-at-end")]
    [InlineData("StringLike", "\"1122\"", null)]
    [InlineData("StringEqualsIgnoreCase", "\"1122\"", null)]
    [InlineData("ForAnyValue:StringEquals", "\"1122\"", null)]
    [InlineData("StringEquals", "\"11*\"", "condition-wildcard-not-read")]
    [InlineData("StringEquals", "\"sa@project.iam.gserviceaccount.com\"", "google-sub-is-email")]
    public void A_condition_on_sub_must_pin_it(string operatorName, string value, string? rule)
    {
        var condition = $$$"""{"StringEquals":{"accounts.google.com:oaud":"https://aud.example","accounts.google.com:aud":"1122"},"{{{operatorName}}}":{"accounts.google.com:sub":{{{value}}}}}""";
        if (operatorName == "StringEquals")
        {
            condition = $$$"""{"StringEquals":{"accounts.google.com:oaud":"https://aud.example","accounts.google.com:aud":"1122","accounts.google.com:sub":{{{value}}}}}""";
        }

        Lint(Trust(Google, condition)).ShouldBe(rule is null ? [] : [rule]);
    }

    [Fact]
    public void A_weak_condition_beside_a_strong_one_does_no_harm() =>
        Lint(Trust(Google, """{"StringEquals":{"accounts.google.com:oaud":"https://aud.example","accounts.google.com:aud":"1122","accounts.google.com:sub":"1122"},"StringLike":{"accounts.google.com:sub":"*"}}""")).ShouldBeEmpty();

    [Fact]
    public void A_deny_of_everybody_else_pins_as_well()
    {
        const string Deny = """,{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"StringNotEquals":{"accounts.google.com:sub":"1122"}}}""";
        var policy = Trust(Google, """{"StringEquals":{"accounts.google.com:oaud":"https://aud.example","accounts.google.com:aud":"1122"}}""").Replace("}]}", "}" + Deny + "]}", StringComparison.Ordinal);
        Lint(policy).ShouldBeEmpty();
        Lint(policy.Replace("StringNotEquals", "StringNotEqualsIfExists", StringComparison.Ordinal)).ShouldBe(["google-sub-missing"]);
    }

    [Theory]
    [InlineData("{}", "oidc-aud-missing,oidc-sub-missing")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:o/r:ref:refs/heads/main"}}""", "oidc-aud-missing")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}""", "oidc-sub-missing")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/*:ref:refs/heads/main"}}""", "condition-wildcard-inside")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/*"}}""", "condition-wildcard-at-end")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:o/r:ref:refs/heads/main"}}""", "")]
    [InlineData("""{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"r","token.actions.githubusercontent.com:run_id":"1"}}""", "unknown-condition-key")]
    public void Other_providers_need_aud_and_sub(string condition, string rules) =>
        string.Join(',', Lint(Trust(GitHub, condition)).Order(StringComparer.Ordinal)).ShouldBe(rules);

    [Theory]
    [InlineData("""{"StringEquals":{"accounts.google.com:aud":"https://aud.example","accounts.google.com:oaud":"https://aud.example","accounts.google.com:sub":"1122"}}""", "google-aud-is-audience")]
    [InlineData("""{"StringEquals":{"accounts.google.com:azp":"1122","accounts.google.com:aud":"1122","accounts.google.com:oaud":"https://aud.example","accounts.google.com:sub":"1122"}}""", "unknown-condition-key")]
    public void Keys_that_read_something_else_than_they_seem_to_are_found(string condition, string rule) => Lint(Trust(Google, condition)).ShouldBe([rule]);

    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}""", "principal-anyone")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}""", "principal-anyone")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}""", "principal-anyone-conditioned")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}""", "principal-anyone")]
    [InlineData("""{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}""", "not-principal")]
    [InlineData("""{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}""", "principal-whole-account")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/one"},"Action":"sts:AssumeRole"}""", "")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/one"},"Action":"sts:*"}""", "trust-action-wildcard")]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/one"},"NotAction":"sts:TagSession"}""", "not-action")]
    [InlineData("""{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}""", "oidc-provider-for-google")]
    [InlineData("""{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Resource":"*"}""", "malformed-policy")]
    public void Principals_and_actions_are_looked_at(string statement, string rules)
    {
        // With a Resource the text is taken for a resource's policy unless it says that it is a trust policy.
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""";
        string.Join(',', TrustLinter.LintTrustPolicy(policy).Select(static finding => finding.Rule.Id)).ShouldBe(rules);
    }

    [Theory]
    [InlineData("""{"Effect":"Allow","Action":"*","Resource":"*"}""", "policy-administrator")]
    [InlineData("""{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}""", "policy-service-wildcard")]
    [InlineData("""{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}""", "policy-assume-any-role")]
    [InlineData("""{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}""", "policy-assume-any-role")]
    [InlineData("""{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}""", "not-action")]
    [InlineData("""{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}""", "")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}""", "")]
    [InlineData("""{"Effect":"Deny","Action":"*","Resource":"*"}""", "")]
    public void What_sessions_may_do_is_looked_at(string statement, string rules) =>
        string.Join(',', Lint($$"""{"Version":"2012-10-17","Statement":{{statement}}}""")).ShouldBe(rules);

    [Theory]
    [InlineData("""{"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::111122223333:oidc-provider/accounts.google.com"},{"Arn":"arn:aws:iam::111122223333:oidc-provider/gitlab.com"}]}""", "oidc-provider-for-google")]
    [InlineData("""{"Url":"accounts.google.com","ClientIDList":["x"],"ThumbprintList":[]}""", "oidc-provider-for-google")]
    [InlineData("""{"Role":{"RoleName":"r","MaxSessionDuration":43200,"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}]}}}""",
        "session-far-too-long,google-aud-missing,google-oaud-missing,google-sub-missing")]
    [InlineData("""{"Roles":[{"RoleName":"r","MaxSessionDuration":7200}]}""", "session-too-long")]
    [InlineData("""{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*","principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/one"]}]}""", "pool-whole-pool")]
    [InlineData("""{"bindings":[{"role":"roles/iam.serviceAccountTokenCreator","members":["allAuthenticatedUsers"]}]}""", "google-public-member")]
    [InlineData("""{"attributeMapping":{"google.subject":"'everybody'"},"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"}}""", "pool-subject-constant,pool-provider-without-condition")]
    [InlineData("""{"attributeMapping":{"google.subject":"assertion.sub"},"attributeCondition":"assertion.repository_owner_id == '1'","oidc":{"issuerUri":"https://token.actions.githubusercontent.com"}}""", "")]
    [InlineData("""{"attributeMapping":{"google.subject":"assertion.arn"},"aws":{"accountId":"111122223333"}}""", "pool-aws-provider-without-condition")]
    [InlineData("""{"type":"service_account","client_email":"a@b.iam.gserviceaccount.com","private_key":"x"}""", "google-service-account-key")]
    [InlineData("""{"type":"external_account","service_account_impersonation":{"token_lifetime_seconds":43200}}""", "session-far-too-long")]
    [InlineData("""{"Federation":{"Connections":{"p":{"Kind":"authorizedUser","Stories":["one"]},"q":{"Kind":"applicationDefault"}}}}""", "google-personal-login,connection-for-no-story,connection-ambient")]
    [InlineData("""{"Federation":{"Connections":{"a":{"Kind":"serviceAccountKey","File":"k.json","Stories":["*"],"maxDuration":"12:00:00"},"b":{"kind":"metadataServer","stories":["one"]}}}}""", "google-service-account-key,connection-for-every-story,session-far-too-long")]
    [InlineData("""{"Federation":{"Connections":{"a":{"Kind":"authorizedUser","Json":"{}"}}}}""", "connection-for-no-story,google-personal-login,secret-in-file")]
    [InlineData("""{"aws":{"accounts":[{"id":"111122223333","oidcProviders":[{"url":"https://accounts.google.com","clientIds":[]}],"roles":[{"name":"r","maxSessionDuration":7200,"trustPolicy":{"Statement":[]}}],"users":[{"name":"u","accessKeys":[{}]}]}]}}""", "oidc-provider-for-google,session-too-long,malformed-policy,aws-access-key")]
    [InlineData("""{"google":{"projects":[{"id":"p","iamPolicy":{"bindings":[{"role":"roles/iam.serviceAccountTokenCreator","members":["user:a@b.example"]}]},"serviceAccounts":[{"name":"s","keys":[{}]}]}]}}""", "google-impersonate-whole-project,google-service-account-key")]
    public void It_knows_a_text_by_its_shape(string json, string rules) => string.Join(',', Lint(json)).ShouldBe(rules);

    [Theory]
    [InlineData("CEL", "trigger.body.role", "story-caller-chooses")]
    [InlineData("Template", "arn:aws:iam::${trigger.body.account}:role/x", "story-caller-chooses")]
    [InlineData("CEL", "variables.role", "")]
    [InlineData("Literal", "trigger", "")]
    public void A_story_whose_caller_chooses_the_role_is_found(string type, string value, string rules) =>
        string.Join(',', Lint($$$$"""{"definitionId":"s","root":{"type":"Elsa.Flowchart","id":"f","activities":[{"id":"a","type":"Aws.AssumeRoleWithWebIdentity","roleArn":{"expression":{"type":"{{{{type}}}}","value":"{{{{value}}}}"}}}]}}""")).ShouldBe(rules);

    [Fact]
    public void A_key_in_a_story_and_long_sessions_are_found() =>
        Lint("""{"definitionId":"s","root":{"type":"Elsa.Sequence","id":"f","activities":[{"id":"a","type":"Aws.AssumeRoleWithWebIdentity","durationSeconds":{"expression":{"type":"Literal","value":43200}}},{"id":"b","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"AKIAIOSFODNN7EXAMPLE"}}}]}}""")
            .ShouldBe(["session-far-too-long", "secret-in-file"]);

    [Fact]
    public void A_finding_tells_its_place()
    {
        var finding = TrustLinter.Lint("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    { \"Sid\": \"ö𝄞\", \"Effect\": \"Allow\", \"Principal\": { \"AWS\": \"*\" }, \"Action\": \"sts:AssumeRole\" }\n  ]\n}\n").Findings.ShouldHaveSingleItem();

        (finding.Path, finding.Line, finding.Column).ShouldBe(("$.Statement[0].Principal", 4, 40));
    }

    [Fact]
    public void A_finding_about_a_condition_tells_the_place_of_the_condition()
    {
        var finding = TrustLinter.Lint(Trust(Google, Pinned).Replace("\"StringEquals\"", "\n\"StringEqualsIfExists\"", StringComparison.Ordinal)).Findings[0];

        (finding.Path, finding.Line).ShouldBe(("$.Statement[0].Condition.StringEqualsIfExists['accounts.google.com:oaud']", 2));
    }

    [Theory]
    [InlineData("{", "(1,2): This is not valid JSON")]
    [InlineData("{\"Statement\":[],\"Statement\":[]}", "This is not valid JSON without comments, duplicate names")]
    [InlineData("[]", "This is nothing that lint knows. It reads policies of AWS (Statement)")]
    [InlineData("{\"a\":1}", "This is nothing that lint knows.")]
    public void Another_text_is_refused(string json, string message) => Should.Throw<LintFormatException>(() => TrustLinter.Lint(json)).Message.ShouldStartWith(message);

    [Fact]
    public void Rules_have_different_ids_and_say_risk_and_fix()
    {
        LintRules.All.Count.ShouldBeGreaterThan(30);
        LintRules.All.Select(static rule => rule.Id).ShouldBeUnique();
        LintRules.All.ShouldAllBe(static rule => rule.Risk.EndsWith('.') && rule.Fix.EndsWith('.') && !rule.Title.EndsWith('.'));
    }

    private static IReadOnlyList<string> Lint(string json) => [.. TrustLinter.Lint(json).Findings.Select(static finding => finding.Rule.Id)];

    private static string Trust(string provider, string condition) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"{{provider}}"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{condition}}}]}""";
}
