using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Buffers.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

/// <summary>What a workload identity pool's provider makes of a proof of identity.</summary>
public sealed class PoolTrustTests
{
    private const string Issuer = "https://cluster.example";
    private const string Pool = "projects/1/locations/global/workloadIdentityPools/outside";
    private const string Session = "arn:aws:sts::111122223333:assumed-role/reader/INC-2041";

    private static readonly RSA Key = RSA.Create(2048);
    private static readonly ECDsa Curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly IReadOnlyList<JsonWebKey> Keys = [JsonWebKey.FromRsa("k1", Key), JsonWebKey.FromECDsa("k2", Curve)];
    private static readonly DateTimeOffset Now = new(2031, 4, 5, 6, 7, 8, TimeSpan.Zero);

    private static IdentityPoolProvider Aws => new() { Name = new("1", "outside", "my-aws"), AwsAccountId = "111122223333" };

    private static IdentityPoolProvider Oidc => new()
    {
        Name = new("1", "outside", "cluster"),
        Oidc = new(Issuer, []),
        AttributeMapping = new Dictionary<string, string> { ["google.subject"] = "assertion.sub" },
    };

    [Fact]
    public void An_AWS_session_is_known_by_its_ARN_its_account_and_its_role()
    {
        var identity = new PoolTrust(Aws).Evaluate(Caller()).Identity!;

        identity.Principal.ShouldBe($"principal://iam.googleapis.com/{Pool}/subject/{Session}");
        identity.PrincipalSets.ShouldBe(
        [
            $"principalSet://iam.googleapis.com/{Pool}/*",
            $"principalSet://iam.googleapis.com/{Pool}/attribute.account/111122223333",
            $"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/reader",
        ]);
    }

    [Fact]
    public void A_user_is_its_own_role() =>
        new PoolTrust(Aws).Evaluate(Caller("arn:aws:iam::111122223333:user/ann")).Identity!.Attributes["aws_role"].ShouldBe("arn:aws:iam::111122223333:user/ann");

    [Theory]
    [InlineData($"principal://iam.googleapis.com/{Pool}/subject/{Session}", true)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/*", true)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/reader", true)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/read", false)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/Reader", false)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/attribute.aws_role/*", false)]
    [InlineData($"principalSet://iam.googleapis.com/{Pool}/subject/{Session}", false)]
    [InlineData($"principal://iam.googleapis.com/{Pool}/*", false)]
    [InlineData("principalSet://iam.googleapis.com/projects/2/locations/global/workloadIdentityPools/outside/*", false)]
    [InlineData("allAuthenticatedUsers", false)]
    public void A_member_names_an_identity_letter_by_letter(string member, bool named) => new PoolTrust(Aws).Evaluate(Caller()).Identity!.IsMember(member).ShouldBe(named);

    [Fact]
    public void Groups_and_attributes_are_what_the_expressions_give()
    {
        var provider = Oidc with
        {
            AttributeMapping = new Dictionary<string, string>
            {
                ["google.subject"] = "assertion.sub.split(':')[3]", ["google.groups"] = "assertion.teams", ["attribute.namespace"] = "assertion['kubernetes.io']['namespace']",
            },
            AttributeCondition = "attribute.namespace == 'triage' && 'blue' in google.groups && google.subject == 'collector' && assertion.sub.startsWith('system:')",
        };

        var evaluation = Evaluate(provider);

        evaluation.Refusal.ShouldBeNull();
        evaluation.Condition!.Satisfied.ShouldBeTrue();
        evaluation.Identity!.Subject.ShouldBe("collector");
        evaluation.Identity.PrincipalSets.ShouldBe(
        [
            $"principalSet://iam.googleapis.com/{Pool}/*", $"principalSet://iam.googleapis.com/{Pool}/group/blue", $"principalSet://iam.googleapis.com/{Pool}/group/green",
            $"principalSet://iam.googleapis.com/{Pool}/attribute.namespace/triage",
        ]);
    }

    public static TheoryData<string, string, string, string> MappingRefusals => new()
    {
        { "assertion.sub", "assertion.sub == 'someone else'", "unauthorized_client", "The given credential is rejected by the attribute condition." },
        { "assertion.sub", "assertion.missing == 'x'", "unauthorized_client", "The given credential is rejected by the attribute condition." },
        { "assertion.sub", "assertion.sub", "unauthorized_client", "The given credential is rejected by the attribute condition." },
        { "assertion.sub", "attribute.missing == 'x'", "unauthorized_client", "The given credential is rejected by the attribute condition." },
        { "assertion.iat", "true", "unauthorized_client", "The mapped attribute 'google.subject' must be of type STRING." },
        { "assertion.teams", "true", "unauthorized_client", "The mapped attribute 'google.subject' must be of type STRING." },
        { "assertion.missing", "true", "invalid_grant", "Unable to evaluate the attribute mapping of 'google.subject'." },
        { "''", "true", "invalid_grant", "The mapped attribute 'google.subject' must not be empty." },
        {
            "assertion.long", "true", "invalid_request",
            "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes."
        },
    };

    [Theory]
    [MemberData(nameof(MappingRefusals))]
    public void Mapping_and_condition_refuse_in_Googles_words(string subject, string condition, string error, string message)
    {
        var provider = Oidc with { AttributeMapping = new Dictionary<string, string> { ["google.subject"] = subject }, AttributeCondition = condition };

        var evaluation = Evaluate(provider);

        (evaluation.Refusal!.Error, evaluation.Refusal.Message).ShouldBe((error, message));
        evaluation.Identity.ShouldBeNull();
        evaluation.Refusal.Explanation.ShouldNotBeEmpty();
    }

    public static TheoryData<string, Action<JsonObject>, string, string> TokenRefusals => new()
    {
        { "another issuer", claims => claims["iss"] = "https://cluster.example/", "The issuer in ID Token https://cluster.example/ does not match the expected one in config: https://cluster.example.", "iss is https://cluster.example/" },
        { "no issuer", claims => claims.Remove("iss"), "The issuer in ID Token null does not match the expected one in config: https://cluster.example.", "iss is absent" },
        { "another audience", claims => claims["aud"] = "other", "The audience in ID Token [other] does not match the expected audience.", "the provider takes https://iam.googleapis.com/projects/1" },
        { "no audience", claims => claims.Remove("aud"), "The audience in ID Token [] does not match the expected audience.", "aud is absent" },
        { "expired", claims => claims["exp"] = Now.AddSeconds(-61).ToUnixTimeSeconds(), $"ID Token issued at {Now.ToUnixTimeSeconds()} is stale to sign-in.", "exp was 61 s ago" },
        { "no exp", claims => claims.Remove("exp"), $"ID Token issued at {Now.ToUnixTimeSeconds()} is stale to sign-in.", "exp is absent" },
        { "no iat", claims => claims.Remove("iat"), "ID Token issued at null is stale to sign-in.", "iat is absent" },
        { "from the future", claims => claims["iat"] = Now.AddSeconds(62).ToUnixTimeSeconds(), $"ID Token issued at {Now.AddSeconds(62).ToUnixTimeSeconds()} is stale to sign-in.", "iat is 62 s in the future" },
        { "not yet valid", claims => claims["nbf"] = Now.AddSeconds(62).ToUnixTimeSeconds(), $"ID Token issued at {Now.ToUnixTimeSeconds()} is stale to sign-in.", "nbf is 62 s in the future" },
    };

    [Theory]
    [MemberData(nameof(TokenRefusals))]
    public void A_token_for_others_or_for_another_time_is_refused(string what, Action<JsonObject> change, string message, string explanation)
    {
        var claims = Claims();
        change(claims);

        var refusal = new PoolTrust(Oidc).Evaluate(Sign(claims), Keys, Now).Refusal;

        refusal.ShouldNotBeNull(what);
        (refusal.Error, refusal.Message).ShouldBe(("invalid_grant", message), what);
        refusal.Explanation.ShouldContain(explanation);
    }

    [Theory]
    [InlineData(-59, 0)]
    [InlineData(3600, 59)]
    public void Clocks_may_be_a_minute_apart(int expiresIn, int issuedIn)
    {
        var claims = Claims();
        claims["exp"] = Now.AddSeconds(expiresIn).ToUnixTimeSeconds();
        claims["iat"] = Now.AddSeconds(issuedIn).ToUnixTimeSeconds();

        new PoolTrust(Oidc).Evaluate(Sign(claims), Keys, Now).Refusal.ShouldBeNull();
    }

    [Theory]
    [InlineData("RS256", "k1", "")]
    [InlineData("ES256", "k2", "")]
    [InlineData("RS256", "k9", "Error connecting to the given credential's issuer.")]
    [InlineData("RS256", "k2", "Error connecting to the given credential's issuer.")]
    [InlineData("none", "k1", "Error connecting to the given credential's issuer.")]
    [InlineData("HS256", "k1", "Error connecting to the given credential's issuer.")]
    [InlineData("RS512", "k1", "Error connecting to the given credential's issuer.")]
    [InlineData("crit", "k1", "Error connecting to the given credential's issuer.")]
    [InlineData("spoilt", "k1", "Unable to verify the ID Token signature.")]
    public void Only_a_key_of_the_issuer_signs(string algorithm, string key, string message) =>
        (new PoolTrust(Oidc).Evaluate(Sign(Claims(), algorithm, key), Keys, Now).Refusal?.Message ?? "").ShouldBe(message);

    [Theory]
    [InlineData("not a token")]
    [InlineData("a.b")]
    [InlineData("e30.W10.c2ln")]
    public void What_is_no_token_is_malformed(string token) =>
        new PoolTrust(Oidc).Evaluate(Sensitive.Of(token), Keys, Now).Refusal!.Message.ShouldBe("The given ID Token is malformed.");

    [Fact]
    public void Allowed_audiences_take_the_place_of_the_default()
    {
        var provider = Oidc with { Oidc = new(Issuer, ["first", "second"]) };
        var claims = Claims();

        new PoolTrust(provider).Evaluate(Sign(claims), Keys, Now).Refusal!.Message.ShouldStartWith("The audience in ID Token [https://iam.googleapis.com/");
        claims["aud"] = new JsonArray("x", "second");
        new PoolTrust(provider).Evaluate(Sign(claims), Keys, Now).Refusal.ShouldBeNull();
    }

    [Fact]
    public void Another_account_and_another_kind_of_proof_are_refused()
    {
        new PoolTrust(Aws).Evaluate(Caller() with { Account = "444455556666" }).Refusal!.Explanation.ShouldBe("the caller is of account 444455556666, the provider takes 111122223333");
        new PoolTrust(Oidc).Evaluate(Caller()).Refusal!.Explanation.ShouldBe("the provider takes tokens of an OIDC issuer, not AWS identities");
        new PoolTrust(Aws).Evaluate(Sign(Claims()), Keys, Now).Refusal!.Explanation.ShouldBe("the provider takes signed requests of AWS, not tokens");
    }

    public static TheoryData<string, string, string?, string> BadProviders => new()
    {
        { "google.subject", "assertion.", null, "attributeMapping['google.subject']: " },
        { "google.subject", "claims.sub", null, "attributeMapping['google.subject']: " },
        { "google.subject", "google.subject", null, "attributeMapping['google.subject']: " },
        { "google.subject", "assertion.sub", "assertion.sub ==", "attributeCondition: " },
        { "google.subject", "assertion.sub", "google.subjet == 'x'", "attributeCondition: " },
        { "attribute.team", "assertion.team", null, "attributeMapping: has no google.subject: give it, e.g. assertion.sub." },
    };

    [Theory]
    [MemberData(nameof(BadProviders))]
    public void A_provider_that_Google_would_not_take_is_refused_when_it_is_made(string attribute, string expression, string? condition, string message) =>
        Should.Throw<PoolProviderFormatException>(() => new PoolTrust(Oidc with
        {
            AttributeMapping = new Dictionary<string, string> { [attribute] = expression }, AttributeCondition = condition,
        })).Message.ShouldStartWith(message);

    [Theory]
    [InlineData("google.email")]
    [InlineData("attribute.Team")]
    [InlineData("attribute.")]
    [InlineData("team")]
    public void Only_Googles_attributes_can_be_mapped(string attribute) =>
        Should.Throw<PoolProviderFormatException>(() => new PoolTrust(Oidc with
        {
            AttributeMapping = new Dictionary<string, string> { ["google.subject"] = "assertion.sub", [attribute] = "'x'" },
        })).Message.ShouldBe($"attributeMapping['{attribute}']: is no attribute: use google.subject, google.groups or attribute.NAME, where NAME is 1 to 100 of a-z, 0-9 and _.");

    private static CallerIdentity Caller(string arn = Session) => new("111122223333", arn, "AROAEXAMPLE:INC-2041");

    private static PoolEvaluation Evaluate(IdentityPoolProvider provider) => new PoolTrust(provider).Evaluate(Sign(Claims()), Keys, Now);

    private static JsonObject Claims() => new()
    {
        ["iss"] = Issuer,
        ["aud"] = new JsonArray("https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/outside/providers/cluster"),
        ["sub"] = "system:serviceaccount:triage:collector",
        ["iat"] = Now.ToUnixTimeSeconds(),
        ["exp"] = Now.AddHours(1).ToUnixTimeSeconds(),
        ["teams"] = new JsonArray("blue", "green"),
        ["long"] = new string('x', 128),
        ["kubernetes.io"] = new JsonObject { ["namespace"] = "triage" },
    };

    private static Sensitive<string> Sign(JsonObject claims, string algorithm = "RS256", string key = "k1")
    {
        var header = new JsonObject { ["alg"] = algorithm is "crit" or "spoilt" ? "RS256" : algorithm, ["kid"] = key };
        if (algorithm == "crit")
        {
            header["crit"] = new JsonArray("exp");
        }

        var input = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = algorithm switch
        {
            "ES256" => Curve.SignData(bytes, HashAlgorithmName.SHA256),
            "RS512" => Key.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            "HS256" => HMACSHA256.HashData(Key.ExportRSAPublicKey(), bytes),
            "none" => [],
            "spoilt" => Key.SignData([.. bytes, 1], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => Key.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return Sensitive.Of($"{input}.{Base64Url.EncodeToString(signature)}");
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
