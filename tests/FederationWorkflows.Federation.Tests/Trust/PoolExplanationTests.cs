using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Trust;

/// <summary>What a provider makes of a proof, as a table: the same as it decides.</summary>
public sealed class PoolExplanationTests : IDisposable
{
    private static readonly PoolProviderName Name = new("77", "outside", "my-aws");

    private static readonly CallerIdentity Reader = new("123456789012", "arn:aws:sts::123456789012:assumed-role/reader/session", "AROA:session");

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    public static TheoryData<string, string?, string?> Providers => new()
    {
        { "123456789012", null, null },
        { "999988887777", null, null },
        { "123456789012", "attribute.aws_role == 'arn:aws:sts::123456789012:assumed-role/reader'", null },
        { "123456789012", "attribute.aws_role == 'arn:aws:sts::123456789012:assumed-role/other'", null },
        { "123456789012", "attribute.team == 'soc'", null },
        { "123456789012", null, "assertion.arn" },
        { "123456789012", null, "assertion.team" },
        { "123456789012", null, "assertion.arn + assertion.arn + assertion.arn" },
        { "123456789012", null, "size(assertion.arn)" },
        { "123456789012", null, "assertion.arn.extract('x{nothing}y')" },
    };

    [Theory]
    [MemberData(nameof(Providers))]
    public void The_table_says_what_the_decision_is(string account, string? condition, string? subject)
    {
        var provider = new IdentityPoolProvider
        {
            Name = Name, AwsAccountId = account, AttributeCondition = condition, AttributeMapping = subject is null ? null : new Dictionary<string, string> { ["google.subject"] = subject },
        };
        var decision = new PoolTrust(provider).Evaluate(Reader);

        var explanation = PoolExplanation.OfSignedRequest(provider, Signed(Name.FullName), Reader, FederationHost.Start);

        explanation.Verdict.ShouldBe(decision.Refusal is null ? TrustVerdict.Holds : TrustVerdict.Fails, explanation.Summary);
        explanation.Summary.ShouldBe(decision.Refusal is { } refusal ? $"Denied: Google answers {refusal.Error}: {refusal.Message}" : $"Allowed: taken in as {decision.Identity!.Principal}.");
        explanation.Checks.Any(static check => check.Verdict == TrustVerdict.Fails).ShouldBe(decision.Refusal is not null);
        explanation.Checks.Where(static check => check.Verdict == TrustVerdict.Fails).ShouldAllBe(static check => check.Mend.Length > 0);
    }

    [Theory]
    [InlineData("another", 0, "target")]
    [InlineData("my-aws", 16, "time")]
    [InlineData("my-aws", -16, "time")]
    public void What_is_wrong_with_a_request_itself_is_told_before_who_signed_it(string provider, int minutes, string condition)
    {
        var explanation = PoolExplanation.OfSignedRequest(
            new IdentityPoolProvider { Name = Name, AwsAccountId = "123456789012" }, Signed($"//iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/providers/{provider}"), caller: null, FederationHost.Start.AddMinutes(minutes));

        explanation.Verdict.ShouldBe(TrustVerdict.Fails);
        explanation.Checks.Where(static check => check.Verdict == TrustVerdict.Fails).ShouldHaveSingleItem().Condition.ShouldBe(condition);
    }

    [Fact]
    public void Whoever_may_become_the_service_account_is_found_among_the_members()
    {
        var provider = new IdentityPoolProvider { Name = Name, AwsAccountId = "123456789012" };
        const string Member = "principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside/attribute.aws_role/arn:aws:sts::123456789012:assumed-role/reader";

        PoolExplanation.OfSignedRequest(provider, Signed(Name.FullName), Reader, FederationHost.Start, new PoolGrant("reader@ops-1.iam.gserviceaccount.com", ["user:a@example.com", Member])).Summary.ShouldEndWith("which may become reader@ops-1.iam.gserviceaccount.com.");
        var refused = PoolExplanation.OfSignedRequest(provider, Signed(Name.FullName), Reader, FederationHost.Start, new PoolGrant("reader@ops-1.iam.gserviceaccount.com", ["user:a@example.com"]));
        refused.Summary.ShouldBe("Denied: the identity is taken in, and may not become reader@ops-1.iam.gserviceaccount.com.");
        refused.Checks[^1].Mend.ShouldBe($"Grant roles/iam.workloadIdentityUser on reader@ops-1.iam.gserviceaccount.com to {Member}.");
    }

    [Fact]
    public void A_proof_of_the_other_kind_is_told_so()
    {
        PoolExplanation.OfToken(new IdentityPoolProvider { Name = Name, AwsAccountId = "123456789012" }, Sensitive.Of(Credentials.IdToken()), FederationHost.Start).Summary
            .ShouldBe("Denied: Google answers invalid_request: Invalid value for \"subject_token_type\".");
        var ofTokens = new IdentityPoolProvider { Name = Name, Oidc = new PoolOidcIssuer("https://accounts.google.com", []), AttributeMapping = new Dictionary<string, string> { ["google.subject"] = "assertion.sub" } };
        PoolExplanation.OfSignedRequest(ofTokens, Signed(Name.FullName), Reader, FederationHost.Start).Verdict.ShouldBe(TrustVerdict.Fails);
        PoolExplanation.OfSignedRequest(new IdentityPoolProvider { Name = Name, AwsAccountId = "123456789012" }, Sensitive.Of("CANARY"), Reader, FederationHost.Start).Summary
            .ShouldBe("Denied: Google answers invalid_request: Invalid format of AWS credentials.");
    }

    [Theory]
    [InlineData("{}", "name: is missing or no provider's")]
    [InlineData("[]", "$: is not the JSON of a provider")]
    [InlineData("""{"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws"}""", "$: has neither aws nor oidc, or both")]
    [InlineData("""{"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws","aws":{}}""", "aws.accountId: is missing")]
    [InlineData("""{"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws","oidc":{"issuerUri":"https://a.example"}}""", "attributeMapping: is missing")]
    [InlineData("""{"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws","aws":{"accountId":"1"},"attributeCondition":"assertion.arn =="}""", "attributeCondition: ")]
    [InlineData("""{"name":"projects/77/locations/global/workloadIdentityPools/outside/providers/my-aws","aws":{"accountId":1}}""", "$: is not the JSON of a provider")]
    public void A_provider_that_Google_would_not_have_is_refused_with_its_part(string json, string problem) =>
        Should.Throw<PoolProviderFormatException>(() => IdentityPoolProvider.Parse(json)).Message.ShouldStartWith(problem);

    [Fact]
    public void A_provider_is_read_as_it_is_written()
    {
        var provider = new IdentityPoolProvider
        {
            Name = Name,
            Oidc = new PoolOidcIssuer("https://a.example", ["one", "two"]),
            AttributeMapping = new Dictionary<string, string> { ["google.subject"] = "assertion.sub" },
            AttributeCondition = "assertion.sub == 'a'",
        };

        IdentityPoolProvider.Parse(provider.ToJson().ToJsonString()).ToJson().ToJsonString().ShouldBe(provider.ToJson().ToJsonString());
    }

    private Sensitive<string> Signed(string provider) => host.Services.GetRequiredService<ICallerIdentityTokens>().Sign(Credentials.Session, provider);
}
