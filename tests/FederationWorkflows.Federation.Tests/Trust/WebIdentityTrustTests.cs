using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

/// <summary>What <c>fedflow explain</c> and refusals say of a trust policy and a token.</summary>
public sealed class WebIdentityTrustTests
{
    private const string Google = """{"iss":"https://accounts.google.com","aud":"https://aud.example","azp":"1122","sub":"1122","email":"sa@p.iam.gserviceaccount.com","iat":1000,"exp":4600}""";
    private const string GitHub = """{"iss":"https://token.actions.githubusercontent.com","aud":"sts.amazonaws.com","sub":"repo:o/r:ref:refs/heads/main","iat":1000,"exp":4600}""";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(2000);

    [Theory]
    // What is expected under which operator and key: what to do about it.
    [InlineData("StringEquals", "accounts.google.com:oaud", "https://aud.example", "")]
    [InlineData("StringEquals", "accounts.google.com:oaud", "https://other.example", "Mint the token for the audience 'https://other.example', or let the condition expect 'https://aud.example'.")]
    [InlineData("StringEquals", "accounts.google.com:oaud", "https://aud.example/", "They differ in a slash or a space at an end only: let the condition expect 'https://aud.example' exactly.")]
    [InlineData("StringEquals", "accounts.google.com:oaud", "HTTPS://aud.example", "They differ in case only: let the condition expect 'https://aud.example'.")]
    [InlineData("StringEquals", "accounts.google.com:oaud", "1122", "oaud reads the token's aud: put '1122' under accounts.google.com:aud, and 'https://aud.example' here.")]
    [InlineData("StringEquals", "accounts.google.com:oaud", "https://*", "StringEquals reads * as a letter: give the whole value, or use StringLike where a pattern is meant.")]
    [InlineData("StringEquals", "accounts.google.com:aud", "https://aud.example", "aud reads the token's azp, as it has one: put 'https://aud.example' under accounts.google.com:oaud, and '1122' here.")]
    [InlineData("StringEquals", "accounts.google.com:aud", "3344", "Use the account with the id '3344', or, if this one is meant, let the condition expect '1122'.")]
    [InlineData("StringEquals", "accounts.google.com:sub", "sa@p.iam.gserviceaccount.com", "Google's sub is the account's numeric id, not its address: compare with '1122'.")]
    [InlineData("StringEquals", "accounts.google.com:sub", "3344", "Use the account with the id '3344', or, if this one is meant, let the condition expect '1122'.")]
    [InlineData("StringEquals", "accounts.google.com:azp", "1122", "AWS makes no key accounts.google.com:azp: use one of aud, oaud, sub, amr, email, google/organization_number.")]
    [InlineData("StringEquals", "accounts.google.com:amr", "authenticated", "The token has no amr: remove the condition, or use an identity whose tokens have it.")]
    [InlineData("StringEquals", "cognito-identity.amazonaws.com:aud", "x", "Tokens of accounts.google.com have no key cognito-identity.amazonaws.com:aud: remove the condition, or use the provider's own keys.")]
    [InlineData("StringNotEquals", "accounts.google.com:sub", "1122", "Matches, and must not.")]
    [InlineData("StringNotEquals", "accounts.google.com:sub", "3344", "")]
    [InlineData("StringLike", "accounts.google.com:sub", "33*", "None of the expected values matches: get a token with what is expected, or, if this one is meant, let the condition expect '1122'.")]
    [InlineData("DateLessThan", "aws:CurrentTime", "1970-01-01T00:00:01Z", "None of the expected values matches: get a token with what is expected, or, if this one is meant, let the condition expect '1970-01-01T00:33:20Z'.")]
    public void A_condition_that_fails_says_how_to_mend_it(string conditionOperator, string key, string expected, string mend)
    {
        var explanation = Explain(Google, Trust("accounts.google.com", $$$"""{"{{{conditionOperator}}}":{"{{{key}}}":"{{{expected}}}"}}"""));

        explanation.Verdict.ShouldBe(mend.Length == 0 ? TrustVerdict.Holds : TrustVerdict.Fails);
        var check = explanation.Checks[^1];
        (check.Condition, check.Expected, check.Mend).ShouldBe(($"{conditionOperator} {key}", $"'{expected}'", mend));
    }

    [Theory]
    [InlineData("accounts.google.com:aud", "azp")]
    [InlineData("accounts.google.com:oaud", "aud")]
    [InlineData("accounts.google.com:sub", "sub")]
    [InlineData("aws:SourceIp", null)]
    public void Each_condition_tells_the_claim_it_reads(string key, string? claim) =>
        Explain(Google, Trust("accounts.google.com", $$$"""{"StringEquals":{"{{{key}}}":"x"}}""")).Checks[^1].Claim.ShouldBe(claim);

    [Theory]
    [InlineData("arn:aws:iam::111122223333:oidc-provider/accounts.google.com", "Name accounts.google.com itself under Principal.Federated")]
    [InlineData("arn:aws:iam::111122223333:oidc-provider/gitlab.example", "The token is of another issuer. To trust it, name accounts.google.com under Principal.Federated.")]
    public void A_principal_that_does_not_fit_says_which_would(string principal, string mend)
    {
        var explanation = Explain(Google, Trust(principal, "{}"));

        explanation.Verdict.ShouldBe(TrustVerdict.Fails);
        explanation.Summary.ShouldBe("Denied: no statement names the token's issuer.");
        explanation.Checks[^1].Mend.ShouldStartWith(mend);
        explanation.Describe().ShouldContain(mend);
    }

    [Fact]
    public void An_OIDC_provider_is_named_by_its_ARN_in_the_roles_account()
    {
        Explain(GitHub, Trust("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "{}")).Summary.ShouldBe("Allowed by Statement[0].");
        Explain(GitHub, Trust("arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com", "{}")).Verdict.ShouldBe(TrustVerdict.Fails);
    }

    [Fact]
    public void What_only_the_request_has_is_unknown_until_it_is_told()
    {
        var policy = Trust("accounts.google.com", """{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""");

        var unknown = Explain(Google, policy);
        (unknown.Verdict, unknown.Checks[^1].Verdict).ShouldBe((TrustVerdict.Unknown, TrustVerdict.Unknown));
        Explain(Google, policy, ConditionContext.Empty.With("aws:SourceIp", "203.0.113.9")).Verdict.ShouldBe(TrustVerdict.Holds);
        Explain(Google, policy, ConditionContext.Empty.With("aws:SourceIp", "198.51.100.9")).Verdict.ShouldBe(TrustVerdict.Fails);
    }

    [Fact]
    public void An_unknown_condition_does_not_hide_one_that_fails() =>
        Explain(Google, Trust("accounts.google.com", """{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"accounts.google.com:sub":"3344"}}""")).Verdict.ShouldBe(TrustVerdict.Fails);

    [Fact]
    public void A_deny_wins_and_is_named()
    {
        var explanation = Explain(Google, """
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"},
              {"Sid":"NotThisOne","Effect":"Deny","Principal":{"Federated":"accounts.google.com"},"Action":"sts:*","Condition":{"StringEquals":{"accounts.google.com:sub":"1122"}}}]}
            """);

        (explanation.Verdict, explanation.Summary).ShouldBe((TrustVerdict.Fails, "Denied: NotThisOne denies it, whatever else allows it."));
    }

    [Fact]
    public void Of_several_statements_the_closest_is_told()
    {
        var explanation = Explain(Google, """
            {"Version":"2012-10-17","Statement":[
              {"Sid":"People","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"},
              {"Sid":"Far","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"accounts.google.com:sub":"1","accounts.google.com:oaud":"x"}}},
              {"Sid":"Near","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"accounts.google.com:sub":"1122","accounts.google.com:oaud":"x"}}}]}
            """);

        explanation.Summary.ShouldBe("Denied: Near comes closest, and 1 of its 4 checks fails.");
        explanation.Describe().ShouldBe(
            "Denied: Near comes closest, and 1 of its 4 checks fails. Near: StringEquals accounts.google.com:oaud (it reads aud) expects 'x' and finds 'https://aud.example'. "
            + "Mint the token for the audience 'x', or let the condition expect 'https://aud.example'.");
    }

    [Fact]
    public void A_token_that_has_expired_is_refused_before_its_trust_is_looked_at()
    {
        var explanation = Explain(Google.Replace("4600", "1500", StringComparison.Ordinal), Trust("accounts.google.com", "{}"));

        (explanation.Verdict, explanation.Checks[0].Verdict, explanation.Checks[0].Mend).ShouldBe((TrustVerdict.Fails, TrustVerdict.Fails, "Mint a new token just before the call."));
        explanation.Summary.ShouldBe("Denied: STS refuses the token for its times, before it looks at the trust policy.");
    }

    [Fact]
    public void The_wrong_action_is_told()
    {
        var explanation = Explain(Google, Trust("accounts.google.com", "{}").Replace("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", StringComparison.Ordinal));

        explanation.Checks[^1].Mend.ShouldBe("Let the statement's Action be sts:AssumeRoleWithWebIdentity; sts:AssumeRole is for callers who have AWS credentials already.");
    }

    private static TrustExplanation Explain(string claims, string policy, ConditionContext? request = null) => WebIdentityTrust.Explain(
        PolicyDocument.Parse(policy, PolicyKind.Trust),
        new WebIdentityQuestion { Claims = Claims(claims), AccountId = "111122223333", Time = Now, Request = request ?? ConditionContext.Empty });

    private static OidcClaims Claims(string json)
    {
        using var document = JsonDocument.Parse(json);
        return OidcClaims.FromJson(document.RootElement);
    }

    private static string Trust(string provider, string condition) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"{{provider}}"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{condition}}}]}""";
}
