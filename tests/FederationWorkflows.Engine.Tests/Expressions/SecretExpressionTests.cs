using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>What the designer's secret picker stores.</summary>
public sealed class SecretExpressionTests
{
    [Theory]
    [InlineData("""{"name":"github-token","typeName":"text","scope":null}""")]
    [InlineData("""{"name":"github-token"}""")]
    [InlineData("github-token")]
    [InlineData(" github-token ")]
    public async Task A_picked_secret_is_given_as_a_secret(string value)
    {
        var harness = await StartAsync(value, new Vault(("github-token", "canary-5f0c1d")));

        harness.World.Taken["anything"].ShouldBeAssignableTo<Sensitive>().ShouldNotBeNull();
        CelSensitivityTests.AssertUnseen(harness);
    }

    [Fact]
    public async Task A_missing_secret_is_named() =>
        (await StartAsync("nope", new Vault())).ShouldFault("take").Message.ShouldBe("Input 'Anything': There is no secret 'nope'. Create it on the server, or correct its name in the story.");

    [Theory]
    [InlineData("", "No secret is chosen. Pick one, or write its name.")]
    [InlineData("{}", "The chosen secret has no \"name\". Pick it again, or write its bare name.")]
    [InlineData("""{"name":"a","typeName":"rsa"}""", "The chosen secret has the type 'rsa'; the only type here is 'text'. Pick it again, or write its bare name.")]
    public void A_choice_that_names_no_secret_is_reported(string value, string message) =>
        Harness.Compile(Of(Take("take", "anything", Expression("Secret", value)))).Problems.ShouldHaveSingleItem().Message.ShouldBe("Input 'Anything': " + message);

    [Fact]
    public void A_compiled_story_tells_which_secrets_it_names()
    {
        var story = Of(Sequence(
            "s",
            Take("a", "anything", Formula("secrets.one + secrets['two words']")),
            Take("b", "anything", Expression("Template", "Bearer ${secrets.three}")),
            Take("c", "anything", Expression("Secret", """{"name":"four"}""")),
            Take("d", "anything", Formula("variables.there_is_none + secrets.five"))));

        Harness.Compile(story).SecretNames.ShouldBe(["four", "one", "three", "two words"], ignoreOrder: true, "also where another expression is wrong");
    }

    private static Task<Harness> StartAsync(string value, Vault vault) =>
        new Harness { Host = new ExpressionHost { Secrets = vault } }.StartAsync(Of(Take("take", "anything", Expression("Secret", value))));
}
