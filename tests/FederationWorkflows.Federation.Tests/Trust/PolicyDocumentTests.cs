using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

public sealed class PolicyDocumentTests
{
    [Fact]
    public void One_statement_and_a_list_of_one_are_the_same()
    {
        const string Statement = """{"Effect":"Allow","Action":"s3:GetObject","Resource":["*"]}""";

        var one = PolicyDocument.Parse($$"""{"Statement":{{Statement}}}""", PolicyKind.Identity);
        var list = PolicyDocument.Parse($$"""{"Version":"2012-10-17","Id":"x","Statement":[{{Statement}}]}""", PolicyKind.Identity);

        one.Statements.Single().Actions.Patterns.ShouldBe(list.Statements.Single().Actions.Patterns);
        one.HasVariables.ShouldBeFalse();
        list.HasVariables.ShouldBeTrue();
        list.Id.ShouldBe("x");
    }

    [Theory]
    [InlineData("[]", "$", "A policy must be a JSON object.")]
    [InlineData("{", "$", "The policy is not valid JSON (line 1, byte 2); it must have no comments, no duplicate names, valid Unicode and at most 8 levels.")]
    [InlineData("{}", "$", "The policy has no Statement.")]
    [InlineData("""{"Id":"\ud800","Statement":[]}""", "$", "The policy is not valid JSON; it must have no comments, no duplicate names, valid Unicode and at most 8 levels.")]
    [InlineData("""{"Version":"2013-01-01","Statement":[]}""", "$.Version", "'2013-01-01' is not a version of the policy language; use \"2012-10-17\".")]
    [InlineData("""{"Statement":[]}""", "$.Statement", "Statement must be an object or a list of 1 to 100 objects.")]
    [InlineData("""{"Statements":[]}""", "$.Statements", "A policy has only Version, Id and Statement.")]
    [InlineData("""{"Statement":[{"Action":"s3:*","Resource":"*"}]}""", "$.Statement[0]", "The statement has no Effect; use \"Allow\" or \"Deny\".")]
    [InlineData("""{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}""", "$.Statement[0].Effect", "'allow' is not an effect; use \"Allow\" or \"Deny\".")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Resource":"*"}]}""", "$.Statement[0]", "The statement has no Action.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}""", "$.Statement[0]", "The statement has no Resource.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}""", "$.Statement[0].Resource", "Resource bucket must be in ARN format or \"*\".")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":["s3:*",["x"]],"Resource":"*"}]}""", "$.Statement[0].Action[1]", "This must be text or a list of texts.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"}]}""", "$.Statement[0].NotAction", "The statement has this element twice, once in its Not form; keep one.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}]}""", "$.Statement[0].Principal", "An identity policy has no Principal: its principal is whoever it is attached to.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Comment":""}]}""", "$.Statement[0].Comment", "A statement has only Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource and Condition.")]
    [InlineData("""{"Statement":[{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"}]}""", "$.Statement[1].Sid", "Another statement has the Sid 'A' too; Sids must differ.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEqual":{"a:b":"c"}}}]}""", "$.Statement[0].Condition.StringEqual", "'StringEqual' is not a condition operator; see \"IAM JSON policy elements: Condition operators\".")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ForEach:StringEquals":{"a:b":"c"}}}]}""", "$.Statement[0].Condition['ForEach:StringEquals']", "'ForEach:StringEquals' is not a condition operator; see \"IAM JSON policy elements: Condition operators\".")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"a:b":"true"}}}]}""", "$.Statement[0].Condition.NullIfExists", "'NullIfExists' is not a condition operator; see \"IAM JSON policy elements: Condition operators\".")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericEquals":{"a:b":["1","two"]}}}]}""", "$.Statement[0].Condition.NumericEquals['a:b']", "'two' is not a value that NumericEquals can compare.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"a:b":"10.0.0.0/33"}}}]}""", "$.Statement[0].Condition.IpAddress['a:b']", "'10.0.0.0/33' is not a value that IpAddress can compare.")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"a:b":"tomorrow"}}}]}""", "$.Statement[0].Condition.DateLessThan['a:b']", "'tomorrow' is not a value that DateLessThan can compare.")]
    public void What_is_no_identity_policy_is_refused_with_its_place(string json, string path, string problem) => Refused(json, PolicyKind.Identity, path, problem);

    [Theory]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}""", "$.Statement", "The statement has no Principal.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}""", "$.Statement.Resource", "A trust policy has no Resource: its resource is the role itself.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":"me","Action":"sts:AssumeRole"}}""", "$.Statement.Principal", "A principal is \"*\" or an object such as {\"Federated\": \"accounts.google.com\"}.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"Google":"x"},"Action":"sts:AssumeRole"}}""", "$.Statement.Principal.Google", "A principal's kind is AWS, Federated, Service or CanonicalUser.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}}""", "$.Statement.Principal", "The principal is empty.")]
    public void What_is_no_trust_policy_is_refused_with_its_place(string json, string path, string problem) => Refused(json, PolicyKind.Trust, path, problem);

    [Fact]
    public void A_policy_that_is_too_long_is_not_even_read() =>
        Refused(new string(' ', 32 * 1024 + 1), PolicyKind.Identity, "$", "The policy has 32769 characters; 32768 are allowed.");

    private static void Refused(string json, PolicyKind kind, string path, string problem)
    {
        var exception = Should.Throw<PolicyFormatException>(() => PolicyDocument.Parse(json, kind));
        (exception.Path, exception.Problem).ShouldBe((path, problem));
    }
}
