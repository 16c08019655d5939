using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

public sealed class WebIdentityContextTests
{
    private const string Times = "\"iat\":1773828000,\"exp\":1773831600";

    [Fact]
    public void Google_s_aud_key_reads_azp_and_oaud_reads_aud() => Context(
        $$"""{"iss":"https://accounts.google.com","aud":"https://aud.example","azp":"1122","sub":"1122","email":"a@b.example","hd":"b.example","google":{"organization_number":42},{{Times}} }""")
        .ShouldBe(
        [
            "accounts.google.com:aud=1122",
            "accounts.google.com:email=a@b.example",
            "accounts.google.com:google/organization_number=42",
            "accounts.google.com:oaud=https://aud.example",
            "accounts.google.com:sub=1122",
        ]);

    [Fact]
    public void Without_azp_the_aud_key_reads_aud() => Context($$"""{"iss":"accounts.google.com","aud":"client","sub":"1",{{Times}} }""")
        .ShouldBe(["accounts.google.com:aud=client", "accounts.google.com:oaud=client", "accounts.google.com:sub=1"]);

    [Fact]
    public void Other_providers_have_the_keys_AWS_knows_of_them_and_no_more() => Context(
        $$"""{"iss":"https://token.actions.githubusercontent.com","aud":"sts.amazonaws.com","sub":"repo:o/r:ref:refs/heads/main","repository":"o/r","repository_owner":"o",{{Times}} }""")
        .ShouldBe(
        [
            "token.actions.githubusercontent.com:aud=sts.amazonaws.com",
            "token.actions.githubusercontent.com:oaud=sts.amazonaws.com",
            "token.actions.githubusercontent.com:repository=o/r",
            "token.actions.githubusercontent.com:sub=repo:o/r:ref:refs/heads/main",
        ]);

    [Fact]
    public void A_provider_s_path_belongs_to_its_keys_and_lists_stay_lists() => Context(
        $$"""{"iss":"https://id.example/tenant/7","aud":["a","b"],"sub":"s","amr":["pwd","mfa"],{{Times}} }""")
        .ShouldBe(["id.example/tenant/7:amr=pwd|mfa", "id.example/tenant/7:aud=a|b", "id.example/tenant/7:oaud=a|b", "id.example/tenant/7:sub=s"]);

    [Theory]
    [InlineData("https://accounts.google.com", "accounts.google.com")]
    [InlineData("https://id.example/x", "arn:aws:iam::111122223333:oidc-provider/id.example/x")]
    public void A_trust_policy_names_a_built_in_provider_by_name_and_others_by_arn(string issuer, string principal) =>
        WebIdentityContext.FederatedPrincipal(issuer, "111122223333").ShouldBe(principal);

    [Fact]
    public void A_session_keeps_the_keys_that_later_policies_may_read() =>
        Lines(WebIdentityContext.OfSession(Claims($$"""{"iss":"https://accounts.google.com","aud":"a","azp":"z","sub":"s","email":"e",{{Times}} }"""), "111122223333"))
            .ShouldBe(["accounts.google.com:aud=z", "accounts.google.com:sub=s", "aws:FederatedProvider=accounts.google.com"]);

    private static IEnumerable<string> Context(string claims) => Lines(WebIdentityContext.Of(Claims(claims)));

    private static OidcClaims Claims(string json)
    {
        using var document = JsonDocument.Parse(json);
        return OidcClaims.FromJson(document.RootElement);
    }

    private static IEnumerable<string> Lines(ConditionContext context) =>
        context.Keys.Select(key => context.TryGet(key, out var values) ? $"{key}={string.Join('|', values)}" : key);
}
