using System.Text.Json;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class EventLogTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    private static readonly string[] Scope = [GoogleLabFixture.CloudPlatform];

    [Fact]
    public async Task A_minted_token_is_recorded_with_who_for_whom_and_the_claims_that_decide()
    {
        await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.Target, "generateIdToken", new { audience = "aud-1", includeEmail = true });

        var record = lab.Events.Snapshot()[^1];
        record.EventSource.ShouldBe("iamcredentials.googleapis.com");
        record.EventName.ShouldBe("GenerateIdToken");
        record.EventTime.ShouldBe(lab.Time.GetUtcNow());
        record.SourceIpAddress.ShouldBe("127.0.0.1");
        record.UserIdentity!.Type.ShouldBe("GoogleServiceAccount");
        record.UserIdentity.UserName.ShouldBe(World.Caller);
        record.RequestParameters!["resource"]!.GetValue<string>().ShouldBe("projects/-/serviceAccounts/" + World.TargetId);
        record.ResponseElements!["id_token.aud"]!.GetValue<string>().ShouldBe("aud-1");
        record.ResponseElements["id_token.azp"]!.GetValue<string>().ShouldBe(World.TargetId);
        record.ResponseElements["id_token.sub"]!.GetValue<string>().ShouldBe(World.TargetId);
        record.ErrorCode.ShouldBeNull();
    }

    [Fact]
    public async Task A_refusal_is_recorded_with_Googles_code_and_the_chain_that_was_tried()
    {
        var (_, first) = await lab.CallAsync(await lab.TokenOfAsync(World.Caller), World.FirstHop, "generateAccessToken", new { scope = Scope });
        await lab.CallAsync(first.GetProperty("accessToken").GetString(), World.ChainEnd, "generateAccessToken", new { scope = Scope, delegates = new[] { World.WeakHop } });

        var record = lab.Events.Snapshot()[^1];
        record.UserIdentity!.UserName.ShouldBe(World.FirstHop);
        record.RequestParameters!["delegationInfo"]!.GetValue<string>().ShouldBe("serviceAccount:" + World.Caller);
        record.RequestParameters["delegates"]!.GetValue<string>().ShouldBe(World.WeakHop);
        record.ErrorCode.ShouldBe("PERMISSION_DENIED");
        record.ErrorMessage.ShouldBe("Permission 'iam.serviceAccounts.implicitDelegation' denied on resource (or it may not exist).");
        record.ResponseElements.ShouldBeNull();
    }

    [Fact]
    public async Task A_refused_assertion_is_recorded_with_what_it_claimed_and_cut_where_it_is_long()
    {
        var assertion = new Assertion(lab.Key(World.Caller), lab.TokenUrl, lab.Time.GetUtcNow()) with { Issuer = new string('x', 5000) };
        await lab.PostTokenAsync(Assertions.Grant(assertion.Sign()));

        var record = lab.Events.Snapshot()[^1];
        record.EventSource.ShouldBe("oauth2.googleapis.com");
        record.UserIdentity.ShouldBeNull();
        record.ErrorCode.ShouldBe("invalid_grant");
        record.ErrorMessage.ShouldBe("Invalid grant: account not found");
        record.RequestParameters!["iss"]!.GetValue<string>().Length.ShouldBe(515);
        record.RequestParameters["aud"]!.GetValue<string>().ShouldBe(lab.TokenUrl);
    }

    [Fact]
    public async Task No_token_key_or_secret_reaches_the_log()
    {
        var secrets = new List<string>();
        var assertion = new Assertion(lab.Key(World.Caller), lab.TokenUrl, lab.Time.GetUtcNow()).Sign();
        var (_, own) = await lab.PostTokenAsync(Assertions.Grant(assertion));
        var token = own.GetProperty("access_token").GetString()!;
        secrets.AddRange([assertion, token, lab.Key(World.Caller).PrivateKeyPem]);
        var (_, access) = await lab.CallAsync(token, World.Target, "generateAccessToken", new { scope = Scope });
        var (_, id) = await lab.CallAsync(token, World.Target, "generateIdToken", new { audience = "aud-1" });
        var (_, jwt) = await lab.CallAsync(token, World.Target, "signJwt", new { payload = """{"iss":"i"}""" });
        secrets.AddRange([access.GetProperty("accessToken").GetString()!, id.GetProperty("token").GetString()!, jwt.GetProperty("signedJwt").GetString()!]);
        var user = JsonDocument.Parse(lab.Lab.AuthorizedUserFile(World.User).Reveal()).RootElement;
        string Of(string name) => user.GetProperty(name).GetString()!;
        var (_, refreshed) = await lab.PostTokenAsync(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["client_id"] = Of("client_id"),
            ["client_secret"] = Of("client_secret"),
            ["refresh_token"] = Of("refresh_token"),
        });
        secrets.AddRange([Of("client_secret"), Of("refresh_token"), refreshed.GetProperty("access_token").GetString()!, refreshed.GetProperty("id_token").GetString()!]);

        var log = JsonSerializer.Serialize(lab.Events.Snapshot());

        // The last part of a JWT is its signature, without which the rest is worth nothing.
        foreach (var secret in secrets.SelectMany(secret => new[] { secret, secret.Split('.')[^1] }))
        {
            log.ShouldNotContain(secret);
        }
    }
}
