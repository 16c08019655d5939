using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Tests.Clients;
using FsCheck;
using FsCheck.Fluent;

namespace FederationWorkflows.Federation.Tests.Google;

public sealed class IdTokenDecoderTests
{
    [Fact]
    public void A_token_shows_its_claims()
    {
        var claims = IdTokenDecoder.DecodeUnverified(Credentials.IdToken());

        claims.Issuer.ShouldBe("https://accounts.google.com");
        claims.Audience.ShouldBe(["aws-prod"]);
        claims.AuthorizedParty.ShouldBe("112233445566778899001");
        claims.Subject.ShouldBe("112233445566778899001");
        claims.Email.ShouldBe(Credentials.Email);
        claims.EmailVerified.ShouldBe(true);
        claims.IssuedAt.ShouldBe(FederationHost.Start);
        claims.ExpiresAt.ShouldBe(FederationHost.Start.AddHours(1));
        claims.Algorithm.ShouldBe("RS256");
        claims.KeyId.ShouldBe("k1");
        claims.Payload.GetProperty("email").GetString().ShouldBe(Credentials.Email);
    }

    [Fact]
    public void Claims_of_other_issuers_are_read_too()
    {
        var claims = IdTokenDecoder.DecodeUnverified(Credentials.IdToken(new { aud = new[] { "a", "b" }, exp = 1000.9, nbf = 5, nested = new { x = 1 } }, new { alg = "ES256" }));

        claims.Audience.ShouldBe(["a", "b"]);
        claims.ExpiresAt.ShouldBe(DateTimeOffset.UnixEpoch.AddSeconds(1000));
        claims.Issuer.ShouldBeNull();
        claims.KeyId.ShouldBeNull();
        claims.Payload.GetProperty("nested").GetProperty("x").GetInt32().ShouldBe(1);
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { "", "it has 1 part(s) between dots where a signed JSON web token has three" },
        { "ya29.CANARY", "it has 2 part(s) between dots where a signed JSON web token has three" },
        { "a.b.c.d.e", "it has 5 part(s) between dots where a signed JSON web token has three" },
        { new string('a', 20_001), "it is longer than 20000 characters" },
        { "e30.e30=.c2ln", "its payload is not base64url" },
        { "e30.e 30.c2ln", "its payload is not base64url" },
        { "e+0.e30.c2ln", "its header is not base64url" },
        { "e30.a.c2ln", "its payload is not base64url" },
        { "e30.e30.c2l!", "its signature is not base64url" },
        { "e30..c2ln", "its payload is not JSON, is nested deeper than 16 or has a property twice" },
        { $"e30.{Credentials.Part("CANARY")}.c2ln", "its payload is not JSON, is nested deeper than 16 or has a property twice" },
        { $"e30.{Credentials.Part("{\"aud\":\"a\",\"aud\":\"b\"}")}.c2ln", "its payload is not JSON, is nested deeper than 16 or has a property twice" },
        { $"e30.{Credentials.Part("{\"x\":" + new string('[', 20) + new string(']', 20) + "}")}.c2ln", "its payload is not JSON, is nested deeper than 16 or has a property twice" },
        { $"e30.{Credentials.Part("[1]")}.c2ln", "its payload is not a JSON object" },
        { $"{Credentials.Part("null")}.e30.c2ln", "its header is not a JSON object" },
        { "e30._w.c2ln", "its payload is not UTF-8" },
        { $"e30.{Credentials.Part("{\"sub\":7}")}.c2ln", "its sub is not a string" },
        { $"e30.{Credentials.Part("{\"sub\":\"\\ud800\"}")}.c2ln", "it has text that is not valid Unicode" },
        { $"e30.{Credentials.Part("{\"aud\":[1]}")}.c2ln", "its aud is neither a string nor an array of strings" },
        { $"e30.{Credentials.Part("{\"email_verified\":\"true\"}")}.c2ln", "its email_verified is neither true nor false" },
        { $"e30.{Credentials.Part("{\"exp\":\"1\"}")}.c2ln", "its exp is not a time in seconds since 1970" },
        { $"e30.{Credentials.Part("{\"exp\":-1}")}.c2ln", "its exp is not a time in seconds since 1970" },
        { $"e30.{Credentials.Part("{\"iat\":1e300}")}.c2ln", "its iat is not a time in seconds since 1970" },
        { $"e30.{Credentials.Part("{\"iat\":1e999}")}.c2ln", "its iat is not a time in seconds since 1970" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_token_says_which_part_is_wrong_without_showing_it(string token, string detail)
    {
        var error = Should.Throw<FederationException>(() => IdTokenDecoder.DecodeUnverified(token));

        error.Code.ShouldBe(FailureCodes.MalformedToken);
        error.Cloud.ShouldBeNull();
        error.Detail.ShouldBe(detail);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public void Any_text_is_decoded_or_refused_with_the_one_error()
    {
        static bool IsHandled(string token)
        {
            try
            {
                _ = IdTokenDecoder.DecodeUnverified(token);
                return true;
            }
            catch (FederationException)
            {
                return true;
            }
        }

        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text => IsHandled(text.Get)).QuickCheckThrowOnFailure();
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text => IsHandled($"{Credentials.Part(text.Get)}.{Credentials.Part(text.Get)}.c2ln")).QuickCheckThrowOnFailure();
        Prop.ForAll(
            ArbMap.Default.ArbFor<NonNull<string>>(),
            text => IsHandled($"e30.{Credentials.Part("{\"sub\":" + System.Text.Json.JsonSerializer.Serialize(text.Get) + ",\"exp\":" + text.Get.Length + "}")}.c2ln")).QuickCheckThrowOnFailure();
    }
}
