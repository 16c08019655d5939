using System.Text.RegularExpressions;
using FederationWorkflows.Federation.Aws;
using FsCheck;
using FsCheck.Fluent;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class RoleSessionNameTests
{
    [Theory]
    [InlineData("112233445566778899001", "112233445566778899001")]
    [InlineData("repo:octo/app:ref:refs/heads/main", "repo-octo-app-ref-refs-heads-main")]
    [InlineData("spiffe://trust/ns/prod", "spiffe---trust-ns-prod")]
    [InlineData("jörg", "j-rg")]
    [InlineData("a", "a-")]
    [InlineData("", "--")]
    [InlineData("\ud83d\ude80", "--")]
    [InlineData("a+b=c,d.e@f_g-h", "a+b=c,d.e@f_g-h")]
    public void A_subject_becomes_a_session_name(string subject, string name) => RoleSessionName.From(subject).ShouldBe(name);

    [Fact]
    public void A_long_subject_is_cut_at_64() => RoleSessionName.From(new string('x', 200)).ShouldBe(new string('x', 64));

    [Fact]
    public void Any_text_becomes_a_name_that_sts_takes_and_that_stays_as_it_is()
    {
        // STS's own words: [\w+=,.@-]*, 2 to 64, where \w is ASCII.
        var rule = new Regex(@"\A[\w+=,.@-]{2,64}\z", RegexOptions.ECMAScript);

        Prop.ForAll(
            ArbMap.Default.ArbFor<NonNull<string>>(),
            text =>
            {
                var name = RoleSessionName.From(text.Get);
                return rule.IsMatch(name) && RoleSessionName.IsValid(name) && RoleSessionName.From(name) == name;
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_name_is_valid_exactly_when_making_it_valid_changes_nothing() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        text => RoleSessionName.IsValid(text.Get) == (text.Get.Length >= RoleSessionName.MinLength && RoleSessionName.From(text.Get) == text.Get)).QuickCheckThrowOnFailure();
}
