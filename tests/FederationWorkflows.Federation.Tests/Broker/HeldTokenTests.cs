using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Broker;

public sealed class HeldTokenTests
{
    private static readonly DateTimeOffset Start = FederationHost.Start;

    public static TheoryData<object, string[]> Tokens => new()
    {
        { new GoogleAccessToken(Sensitive.Of("ya29.CANARY"), Start.AddHours(1), ["openid"], "robot"), ["ya29.CANARY"] },
        { new GoogleIdToken(Sensitive.Of(Credentials.IdToken()), IdTokenDecoder.DecodeUnverified(Credentials.IdToken())), [Credentials.IdToken()] },
        { new ProjectedToken(Sensitive.Of(Credentials.IdToken()), IdTokenDecoder.DecodeUnverified(Credentials.IdToken())), [Credentials.IdToken()] },
        { Credentials.Session, ["CANARYsecretAccessKey0123456789", "CANARYsessionToken0123456789"] },
        { Credentials.Session with { SessionToken = null, Expiration = null }, ["CANARYsecretAccessKey0123456789"] },
    };

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_sealed_token_has_no_secret_in_clear_and_opens_as_it_was(object token, string[] secrets)
    {
        using var seal = new MemorySeal();
        var held = HeldToken.Of(token, Start.AddHours(1), Start, 0.5);

        var closed = held.Seal(seal);
        var opened = closed.Open(seal);

        closed.IsSealed.ShouldBeTrue();
        SecretsOf(closed.Token).ShouldAllBe(text => text == "");
        SecretsOf(opened.Token).ShouldBe(secrets);
        (opened.RefreshAt, opened.GoodUntil).ShouldBe((held.RefreshAt, held.GoodUntil));
        closed.Seal(seal).ShouldBeSameAs(closed);
    }

    [Fact]
    public void What_is_sealed_is_no_plain_text_and_different_each_time()
    {
        using var seal = new MemorySeal();

        var one = seal.Seal("ya29.CANARY");
        var other = seal.Seal("ya29.CANARY");

        one.ShouldNotBe(other);
        Encoding.UTF8.GetString(one).ShouldNotContain("CANARY");
        seal.Open(one).ShouldBe("ya29.CANARY");
    }

    [Fact]
    public void What_is_evicted_is_overwritten()
    {
        using var seal = new MemorySeal();
        var closed = HeldToken.Of(new GoogleAccessToken(Sensitive.Of("ya29.CANARY"), Start.AddHours(1), [], null), Start.AddHours(1), Start, 0).Seal(seal);

        closed.Wipe();

        Should.Throw<System.Security.Cryptography.CryptographicException>(() => closed.Open(seal));
    }

    [Theory]
    [InlineData(3600, 0, 2160, 3300)]
    [InlineData(3600, 1, 2520, 3300)]
    [InlineData(900, 0, 540, 750)]
    [InlineData(43_200, 0, 25_920, 42_900)]
    [InlineData(60, 0, 36, 50)]
    [InlineData(-5, 0, 0, 0)]
    public void Another_is_looked_for_in_the_last_third_and_the_last_minutes_are_the_holder_s(int life, double random, int refresh, int good)
    {
        var held = HeldToken.Of(Credentials.Session, Start.AddSeconds(life), Start, random);

        (new DateTimeOffset(held.RefreshAt, TimeSpan.Zero) - Start).TotalSeconds.ShouldBe(refresh, 0.01);
        (new DateTimeOffset(held.GoodUntil, TimeSpan.Zero) - Start).TotalSeconds.ShouldBe(good, 0.01);
    }

    private static IEnumerable<string> SecretsOf(object token) => token switch
    {
        GoogleAccessToken access => [access.Token.Reveal()],
        GoogleIdToken id => [id.Token.Reveal()],
        ProjectedToken projected => [projected.Token.Reveal()],
        AwsCredentials aws => aws.Secrets.Select(secret => secret.Reveal()),
        _ => throw new NotSupportedException(),
    };
}
