using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

public sealed class OidcTokenValidatorTests
{
    private const long Now = 1_773_828_000;
    private const string Issuer = "https://id.example";

    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly ECDsa P256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa P384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private static readonly ECDsa P521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);

    [Theory]
    [InlineData("RS256", "rsa")]
    [InlineData("RS384", "rsa")]
    [InlineData("RS512", "rsa")]
    [InlineData("ES256", "p256")]
    [InlineData("ES384", "p384")]
    [InlineData("ES512", "p521")]
    public async Task A_token_signed_with_a_published_key_is_believed(string algorithm, string keyId)
    {
        var validation = await ValidateAsync(Token(Header(algorithm, keyId), Payload()));

        validation.IsValid.ShouldBeTrue(validation.Failure?.Message);
        validation.Claims.Subject.ShouldBe("alice");
        validation.Claims.Audiences.ShouldBe(["aws"]);
        validation.Claims.Expires.ToUnixTimeSeconds().ShouldBe(Now + 3600);
    }

    [Theory]
    [InlineData("none", "rsa", OidcTokenError.AlgorithmRefused)]
    [InlineData("NONE", "rsa", OidcTokenError.AlgorithmRefused)]
    [InlineData("HS256", "rsa", OidcTokenError.AlgorithmRefused)]
    [InlineData("PS256", "rsa", OidcTokenError.AlgorithmRefused)]
    [InlineData("RS256", "p256", OidcTokenError.BadSignature)]
    [InlineData("ES256", "p384", OidcTokenError.BadSignature)]
    [InlineData("ES256", "rsa", OidcTokenError.BadSignature)]
    [InlineData("RS512", "rs256-only", OidcTokenError.BadSignature)]
    [InlineData("RS256", "gone", OidcTokenError.UnknownKey)]
    public async Task An_algorithm_is_believed_only_with_a_key_made_for_it(string algorithm, string keyId, OidcTokenError error) =>
        (await ValidateAsync(Token(Header(algorithm, keyId), Payload()))).Failure!.Error.ShouldBe(error);

    [Theory]
    [InlineData("\"exp\":1773828000", OidcTokenError.Expired, "The token expired at 2026-03-18 10:00:00Z; it is 2026-03-18 10:00:00Z.")]
    [InlineData("\"exp\":1773828001", null, null)]
    [InlineData("\"exp\":1773828000.5", null, null)]
    [InlineData("\"nbf\":1773828060", null, null)]
    [InlineData("\"nbf\":1773828061", OidcTokenError.NotYetValid, "The token is not valid before 2026-03-18 10:01:01Z; it is 2026-03-18 10:00:00Z.")]
    [InlineData("\"iat\":1773828060", null, null)]
    [InlineData("\"iat\":1773828061", OidcTokenError.NotYetValid, "The token was issued in the future, at 2026-03-18 10:01:01Z; it is 2026-03-18 10:00:00Z.")]
    [InlineData("\"exp\":\"soon\"", OidcTokenError.MissingClaim, "The token's \"exp\" is not a time in seconds since 1970.")]
    [InlineData("\"exp\":1e300", OidcTokenError.MissingClaim, "The token's \"exp\" is not a time in seconds since 1970.")]
    [InlineData("\"aud\":[]", OidcTokenError.MissingClaim, "The token has no audience: \"aud\" is missing or empty.")]
    [InlineData("\"sub\":\"\"", OidcTokenError.MissingClaim, "The token has no \"sub\", or it is not text.")]
    [InlineData("\"iss\":7", OidcTokenError.MissingClaim, "The token has no \"iss\", or it is not text.")]
    [InlineData("\"iss\":\"https://other.example\"", OidcTokenError.UnknownIssuer, "No keys are known for the issuer https://other.example.")]
    [InlineData("\"iss\":\"https://down.example\"", OidcTokenError.KeysUnavailable, "The keys of https://down.example could not be fetched: no route")]
    public async Task Every_claim_is_checked(string claim, OidcTokenError? error, string? message)
    {
        var validation = await ValidateAsync(Token(Header("RS256", "rsa"), Payload(claim)));

        (validation.Failure?.Error, validation.Failure?.Message).ShouldBe((error, message));
    }

    [Theory]
    [InlineData("""{"kid":"rsa"}""", OidcTokenError.Malformed, "The token's header has no \"alg\".")]
    [InlineData("""{"alg":1,"kid":"rsa"}""", OidcTokenError.Malformed, "The token header's \"alg\" is not text.")]
    [InlineData("[]", OidcTokenError.Malformed, "The token's header is not a JSON object.")]
    [InlineData("""{"alg":"RS256","kid":"\ud800"}""", OidcTokenError.Malformed, "The token's header or payload is not valid JSON (no duplicate names, at most 16 levels).")]
    [InlineData("""{"alg":"RS256","alg":"none"}""", OidcTokenError.Malformed, "The token's header or payload is not valid JSON (no duplicate names, at most 16 levels).")]
    [InlineData("""{"alg":"RS256"}""", OidcTokenError.UnknownKey, "The token's header names no key (\"kid\").")]
    [InlineData("""{"alg":"RS256","kid":"rsa","crit":["b64"]}""", OidcTokenError.AlgorithmRefused, "The token's header has \"crit\": it asks for extensions that are not understood here.")]
    public async Task A_header_that_is_not_understood_is_refused(string header, OidcTokenError error, string message)
    {
        var validation = await ValidateAsync(Token(header, Payload()));

        (validation.Failure!.Error, validation.Failure.Message).ShouldBe((error, message));
    }

    [Theory]
    [InlineData("a.b", OidcTokenError.Malformed)]
    [InlineData("a.b.c.d", OidcTokenError.Malformed)]
    [InlineData("!.e30.e30", OidcTokenError.Malformed)]
    [InlineData("", OidcTokenError.Malformed)]
    public async Task What_is_no_token_is_refused(string text, OidcTokenError error) =>
        (await ValidateAsync(text)).Failure!.Error.ShouldBe(error);

    [Fact]
    public async Task A_token_longer_than_STS_takes_is_not_even_read() =>
        (await ValidateAsync(new string('.', 20_001))).Failure!.Error.ShouldBe(OidcTokenError.TooLarge);

    [Fact]
    public async Task Random_text_never_throws()
    {
        var random = new Random(20260318);
        var good = Token(Header("RS256", "rsa"), Payload());
        for (var i = 0; i < 2000; i++)
        {
            var text = good.ToCharArray();
            text[random.Next(text.Length)] = (char)random.Next(1, 0x250);
            (await ValidateAsync(new string(text))).ShouldNotBeNull();
        }
    }

    [Fact]
    public void A_key_set_survives_the_way_through_json_and_drops_what_it_cannot_use()
    {
        using var document = JsonDocument.Parse($$"""
            {"keys":[{{JsonWebKey.FromRsa("rsa", Rsa).ToJson().ToJsonString()}},{{JsonWebKey.FromECDsa("p256", P256).ToJson().ToJsonString()}},
            {"kty":"oct","kid":"secret","k":"AAAA"},{"kty":"RSA","kid":"weak","n":"AQAB","e":"AQAB"},{"kty":"RSA","kid":"enc","use":"enc","n":"AQAB","e":"AQAB"},
            {"kty":"EC","kid":"curve","crv":"secp256k1","x":"AQAB","y":"AQAB"},{"kty":"RSA"},7]}
            """);
        var signature = P256.SignData("data"u8, HashAlgorithmName.SHA256);

        var keys = JsonWebKey.ParseSet(document.RootElement);

        keys.Select(static key => $"{key.KeyId} {key.KeyType} {key.Algorithm}").ShouldBe(["rsa RSA RS256", "p256 EC ES256"]);
        keys[1].Verify("ES256", "data"u8, signature).ShouldBeTrue();
        keys[1].Verify("ES256", "date"u8, signature).ShouldBeFalse();
    }

    [Fact]
    public void A_point_that_is_not_on_the_curve_verifies_nothing()
    {
        using var document = JsonDocument.Parse($$"""{"kty":"EC","kid":"off","crv":"P-256","x":"{{Base64Url.EncodeToString(new byte[32])}}","y":"{{Base64Url.EncodeToString(new byte[32])}}"}""");

        JsonWebKey.Parse(document.RootElement).Verify("ES256", "data"u8, new byte[64]).ShouldBeFalse();
    }

    private static string Header(string algorithm, string keyId) => $$"""{"alg":"{{algorithm}}","kid":"{{keyId}}"}""";

    private static string Payload(string? claim = null)
    {
        var name = claim?[..claim.IndexOf(':', StringComparison.Ordinal)];
        string[] claims = ["\"iss\":\"https://id.example\"", "\"sub\":\"alice\"", "\"aud\":\"aws\"", $"\"iat\":{Now}", $"\"exp\":{Now + 3600}"];
        return $"{{{string.Join(',', claims.Where(other => name is null || !other.StartsWith(name, StringComparison.Ordinal)).Append(claim).Where(static text => text is not null))}}}";
    }

    private static string Token(string header, string payload)
    {
        var input = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        var data = Encoding.ASCII.GetBytes(input);
        var signature = header switch
        {
            _ when header.Contains("RS384", StringComparison.Ordinal) => Rsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            _ when header.Contains("RS512", StringComparison.Ordinal) => Rsa.SignData(data, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            _ when header.Contains("ES256", StringComparison.Ordinal) => P256.SignData(data, HashAlgorithmName.SHA256),
            _ when header.Contains("ES384", StringComparison.Ordinal) => P384.SignData(data, HashAlgorithmName.SHA384),
            _ when header.Contains("ES512", StringComparison.Ordinal) => P521.SignData(data, HashAlgorithmName.SHA512),
            _ => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    private static ValueTask<OidcTokenValidation> ValidateAsync(string token) =>
        new OidcTokenValidator(new Keys(), new StoppedClock()).ValidateAsync(Sensitive.Of(token), TestContext.Current.CancellationToken);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(Now);
    }

    private sealed class Keys : IOidcKeySource
    {
        public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) => issuer switch
        {
            Issuer => new(
            [
                JsonWebKey.FromRsa("rsa", Rsa, algorithm: null),
                JsonWebKey.FromRsa("rs256-only", Rsa),
                JsonWebKey.FromECDsa("p256", P256),
                JsonWebKey.FromECDsa("p384", P384, "ES384"),
                JsonWebKey.FromECDsa("p521", P521, "ES512"),
            ]),
            "https://down.example" => throw new HttpRequestException("no route"),
            _ => new([]),
        };
    }
}
