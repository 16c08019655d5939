namespace FederationWorkflows.CloudLab.Tests;

public sealed class LabWorldTests
{
    private const string TrustPolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}""";

    [Theory]
    [InlineData("""{"clusters":[{"name":"Triage","issuer":"https://x"}]}""", "$.clusters[0].name: 'Triage' is no cluster name; use 1 to 63 lower-case letters, digits and hyphens.")]
    [InlineData("""{"clusters":[{"name":"triage","issuer":"http://x"}]}""", "$.clusters[0].issuer: An issuer is an https URL.")]
    [InlineData("""{"clusters":[{"name":"triage","issuer":"https://accounts.google.com"}]}""", "$.clusters[0].issuer: accounts.google.com is Google's, whose tokens the lab signs itself.")]
    [InlineData("""{"clusters":[{"name":"a","issuer":"https://x"},{"name":"b","issuer":"https://x"}]}""", "$.clusters[1].issuer: The issuer https://x is declared twice.")]
    [InlineData("""{"issuers":[{"issuer":"https://x","jwks":{"keys":[]}}]}""", "$.issuers[0].jwks: The set has no public RSA or EC signing key.")]
    public void Issuers_that_nobody_could_trust_are_refused(string json, string message) =>
        Should.Throw<WorldFormatException>(() => LabWorld.Parse(json)).Message.ShouldBe(message);

    [Fact]
    public void The_built_in_world_has_the_accounts_of_the_stories() =>
        LabWorld.Default.Aws.Accounts.Select(static account => $"{account.Id} {account.Alias}").ShouldBe(["111122223333 security-lab", "444455556666 forensics"]);

    public static TheoryData<string, string, string> Broken => new()
    {
        { """{"aws":{"accounts":[{"id":"12"}]}}""", "$.aws.accounts[0].id", "An account id has twelve digits." },
        { """{"aws":{"accounts":[{"id":"111122223333"},{"id":"111122223333"}]}}""", "$.aws.accounts[1].id", "The account 111122223333 is declared twice." },
        { Account("""{"buckets":[{"name":"lab"}]}"""), "$.aws.accounts[0].buckets[0].name", "'lab' is not a bucket name the lab can serve." },
        { Account("""{"buckets":[{"name":"google"}]}"""), "$.aws.accounts[0].buckets[0].name", "'google' is not a bucket name the lab can serve." },
        { Account("""{"buckets":[{"name":"some-logs","region":"moon"}]}"""), "$.aws.accounts[0].buckets[0].region", "'moon' is not a region." },
        { Account("""{"oidcProviders":[{"url":"https://accounts.google.com","clientIds":[]}]}"""), "$.aws.accounts[0].oidcProviders[0].url", "AWS knows accounts.google.com without an OIDC provider: leave it out." },
        { Account($$"""{"roles":[{"name":"r","maxSessionDuration":60,"trustPolicy":{{TrustPolicy}} }]}"""), "$.aws.accounts[0].roles[0].maxSessionDuration", "MaxSessionDuration is 3600 to 43200 seconds." },
        { Account("""{"roles":[{"name":"r","trustPolicy":{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"sts:AssumeRole"}]}}]}"""), "$.aws.accounts[0].roles[0].trustPolicy.Statement[0].Effect", "'Maybe' is not an effect; use \"Allow\" or \"Deny\"." },
        { Account($$"""{"roles":[{"name":"r","trustPolicy":{{TrustPolicy}},"policies":[{"name":"p","document":{"Statement":[{"Effect":"Allow","Action":"s3","Resource":"*"}]} }]}]}"""), "$.aws.accounts[0].roles[0].policies[0].document.Statement[0].Action", "'s3' is not an action; write service:Action, for example s3:GetObject." },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_world_AWS_would_not_let_exist_is_refused_with_its_place(string json, string path, string problem)
    {
        var exception = Should.Throw<WorldFormatException>(() => LabWorld.Parse(json));

        (exception.Path, exception.Problem).ShouldBe((path, problem));
    }

    [Theory]
    [InlineData("""{"aws":{"accounts":[{"id":"111122223333","rolls":[]}]}}""", "rolls")]
    [InlineData("""{"aws":{"accounts":[{"id":"111122223333","alias":1}]}}""", "$.aws.accounts[0].alias")]
    [InlineData("""{"aws":{"accounts":[{}]}}""", "'id'")]
    [InlineData("""{"aws":{},"aws":{}}""", "aws")]
    [InlineData("""{"aws":{"accounts":[{"id":"111122223333","alias":"\ud800"}]}}""", "$")]
    [InlineData("{", "$")]
    [InlineData("null", "$")]
    public void A_text_that_is_no_world_is_refused_and_the_message_names_the_place(string json, string named) =>
        Should.Throw<WorldFormatException>(() => LabWorld.Parse(json)).Message.ShouldContain(named);

    private static string Account(string members) => $$"""{"aws":{"accounts":[{"id":"111122223333",{{members[1..]}}]} }""";
}
