using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

public sealed class PolicyEvaluatorTests
{
    private const string Allow = """{"Effect":"Allow","Action":"s3:*","Resource":"*"}""";

    [Theory]
    [InlineData("\"Action\":\"s3:GetObject\"", "s3:GetObject", true)]
    [InlineData("\"Action\":\"S3:getobject\"", "s3:GetObject", true)]
    [InlineData("\"Action\":\"s3:Get*\"", "s3:GetObject", true)]
    [InlineData("\"Action\":\"s3:?etObject\"", "s3:GetObject", true)]
    [InlineData("\"Action\":\"*\"", "s3:GetObject", true)]
    [InlineData("\"Action\":[\"s3:PutObject\",\"s3:GetObject\"]", "s3:GetObject", true)]
    [InlineData("\"Action\":\"s3:Get\"", "s3:GetObject", false)]
    [InlineData("\"NotAction\":\"iam:*\"", "s3:GetObject", true)]
    [InlineData("\"NotAction\":[\"iam:*\",\"s3:*\"]", "s3:GetObject", false)]
    public void Actions_match_in_any_case_and_with_wildcards(string action, string requested, bool allowed) =>
        Decide($$"""{"Effect":"Allow",{{action}},"Resource":"*"}""", requested, "arn:aws:s3:::b/k").ShouldBe(allowed ? PolicyDecision.Allowed : PolicyDecision.ImplicitDeny);

    [Theory]
    [InlineData("\"Resource\":\"*\"", "arn:aws:s3:::b/k", true)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b/*\"", "arn:aws:s3:::b/deep/k", true)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b/*\"", "arn:aws:s3:::b", false)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b\"", "arn:aws:s3:::B", false)]
    [InlineData("\"Resource\":\"arn:aws:s3:::*\"", "arn:aws:s3:::*", true)]
    [InlineData("\"Resource\":\"arn:aws:iam:*:role/x\"", "arn:aws:iam::111122223333:role/x", false)]
    [InlineData("\"Resource\":\"arn:aws:iam\"", "arn:aws:iam::111122223333:role/x", true)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b/${aws:username}/*\"", "arn:aws:s3:::b/alice/k", true)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b/${aws:username}/*\"", "arn:aws:s3:::b/bob/k", false)]
    [InlineData("\"Resource\":\"arn:aws:s3:::b/${aws:nobody}*\"", "arn:aws:s3:::b/k", false)]
    [InlineData("\"NotResource\":\"arn:aws:s3:::b/secret/*\"", "arn:aws:s3:::b/k", true)]
    [InlineData("\"NotResource\":\"arn:aws:s3:::b/secret/*\"", "arn:aws:s3:::b/secret/k", false)]
    [InlineData("\"NotResource\":\"arn:aws:s3:::b/${aws:nobody}*\"", "arn:aws:s3:::b/k", false)]
    public void Resources_match_part_by_part(string resource, string requested, bool allowed) =>
        Decide($$"""{"Effect":"Allow","Action":"*",{{resource}}}""", "s3:GetObject", requested).ShouldBe(allowed ? PolicyDecision.Allowed : PolicyDecision.ImplicitDeny);

    [Theory]
    [InlineData(Allow, PolicyDecision.Allowed)]
    [InlineData("""{"Effect":"Allow","Action":"iam:*","Resource":"*"}""", PolicyDecision.ImplicitDeny)]
    [InlineData(Allow + """,{"Sid":"No","Effect":"Deny","Action":"s3:GetObject","Resource":"*"}""", PolicyDecision.ExplicitDeny)]
    [InlineData("""{"Sid":"No","Effect":"Deny","Action":"*","Resource":"*"},""" + Allow, PolicyDecision.ExplicitDeny)]
    [InlineData(Allow + """,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}""", PolicyDecision.Allowed)]
    [InlineData("""{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"alice"},"Bool":{"aws:SecureTransport":"true"}}}""", PolicyDecision.ImplicitDeny)]
    public void An_explicit_deny_wins_then_an_allow_then_nothing_is_allowed(string statements, PolicyDecision decision) =>
        Decide(statements, "s3:GetObject", "arn:aws:s3:::b/k").ShouldBe(decision);

    [Fact]
    public void Several_policies_are_one_and_the_trace_tells_them_apart()
    {
        var allow = PolicyDocument.Parse($$"""{"Statement":{{Allow}}}""", PolicyKind.Identity);
        var deny = PolicyDocument.Parse("""{"Statement":{"Sid":"No","Effect":"Deny","Action":"s3:*","Resource":"*"}}""", PolicyKind.Identity);

        var evaluation = PolicyEvaluator.Evaluate([allow, deny], new PolicyRequest(null, "s3:GetObject", "arn:aws:s3:::b/k", ConditionContext.Empty));

        evaluation.Decision.ShouldBe(PolicyDecision.ExplicitDeny);
        var deciding = evaluation.Deciding.Single();
        (deciding.PolicyIndex, deciding.Index, deciding.Label).ShouldBe((1, 0, "No"));
        evaluation.Statements[0].Label.ShouldBe("Statement[0]");
    }

    private const string Role = "arn:aws:iam::111122223333:role/r";
    private const string Session = "arn:aws:sts::111122223333:assumed-role/r/s";

    [Theory]
    [InlineData("\"Principal\":\"*\"", PrincipalMatch.Direct)]
    [InlineData("\"Principal\":{\"AWS\":\"*\"}", PrincipalMatch.Direct)]
    [InlineData("\"Principal\":{\"AWS\":\"" + Role + "\"}", PrincipalMatch.Direct)]
    [InlineData("\"Principal\":{\"AWS\":\"" + Session + "\"}", PrincipalMatch.Direct)]
    [InlineData("\"Principal\":{\"AWS\":\"111122223333\"}", PrincipalMatch.Account)]
    [InlineData("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"}", PrincipalMatch.Account)]
    [InlineData("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/*\"}", PrincipalMatch.None)]
    [InlineData("\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"}", PrincipalMatch.None)]
    [InlineData("\"Principal\":{\"Federated\":\"accounts.google.com\"}", PrincipalMatch.None)]
    [InlineData("\"NotPrincipal\":{\"AWS\":\"" + Role + "\"}", PrincipalMatch.None)]
    [InlineData("\"NotPrincipal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"}", PrincipalMatch.Direct)]
    public void A_role_session_is_named_by_itself_its_role_or_its_account(string principal, PrincipalMatch match) =>
        Trust(principal, RequestPrincipal.RoleSession("111122223333", Session, Role)).Statements.Single().Principal.ShouldBe(match);

    [Theory]
    [InlineData("\"Principal\":{\"Federated\":\"accounts.google.com\"}", true)]
    [InlineData("\"Principal\":{\"Federated\":[\"other.example\",\"accounts.google.com\"]}", true)]
    [InlineData("\"Principal\":{\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/accounts.google.com\"}", false)]
    [InlineData("\"Principal\":{\"AWS\":\"accounts.google.com\"}", false)]
    [InlineData("\"Principal\":{\"Service\":\"accounts.google.com\"}", false)]
    public void A_web_identity_is_named_by_its_provider(string principal, bool allowed) =>
        (Trust(principal, RequestPrincipal.Federated("accounts.google.com")).Decision == PolicyDecision.Allowed).ShouldBe(allowed);

    private static PolicyEvaluation Trust(string principal, RequestPrincipal caller) => PolicyEvaluator.Evaluate(
        PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow",{{principal}},"Action":"sts:*"}]}""", PolicyKind.Trust),
        new PolicyRequest(caller, "sts:AssumeRole", Role, ConditionContext.Empty));

    private static PolicyDecision Decide(string statements, string action, string resource) => PolicyEvaluator.Evaluate(
        PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{statements}}]}""", PolicyKind.Identity),
        new PolicyRequest(null, action, resource, ConditionContext.Empty.With("aws:username", "alice"))).Decision;
}
