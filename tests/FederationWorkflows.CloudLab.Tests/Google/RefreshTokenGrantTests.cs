using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using World = FederationWorkflows.CloudLab.Tests.Google.GoogleTestWorld;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class RefreshTokenGrantTests(GoogleLabFixture lab) : IClassFixture<GoogleLabFixture>
{
    [Fact]
    public async Task A_refresh_token_gets_the_scopes_that_were_agreed_to_and_an_id_token_for_the_client()
    {
        var form = Form();
        var (status, body) = await lab.PostTokenAsync(form);

        status.ShouldBe(200);
        body.GetProperty("expires_in").GetInt32().ShouldBe(3599);
        body.GetProperty("scope").GetString().ShouldBe("openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform");
        var token = body.GetProperty("access_token").GetString()!;
        lab.Lab.TryIntrospect(token, out var grant).ShouldBeTrue();
        grant.Principal.Member.ShouldBe("user:" + World.User);

        var claims = GoogleLabFixture.Claims(body.GetProperty("id_token").GetString()!);
        claims.GetProperty("aud").GetString().ShouldBe(form["client_id"]);
        claims.GetProperty("azp").GetString().ShouldBe(form["client_id"]);
        claims.GetProperty("sub").GetString().ShouldBe("100000000000000000042");
        claims.GetProperty("email").GetString().ShouldBe(World.User);
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(token)).AsSpan(0, 16);
        claims.GetProperty("at_hash").GetString().ShouldBe(System.Buffers.Text.Base64Url.EncodeToString(hash));
    }

    [Fact]
    public async Task Fewer_scopes_can_be_asked_for()
    {
        var (status, body) = await lab.PostTokenAsync(new Dictionary<string, string>(Form()) { ["scope"] = GoogleLabFixture.CloudPlatform });

        status.ShouldBe(200);
        body.GetProperty("scope").GetString().ShouldBe(GoogleLabFixture.CloudPlatform);
        body.TryGetProperty("id_token", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("refresh_token", "1//unknown", 400, "invalid_grant", "Bad Request")]
    [InlineData("refresh_token", "", 400, "invalid_request", "Missing required parameter: refresh_token")]
    [InlineData("client_id", "0-x.apps.googleusercontent.com", 401, "invalid_client", "The OAuth client was not found.")]
    [InlineData("client_id", "", 400, "invalid_request", "Could not determine client ID from request.")]
    [InlineData("client_secret", "GOCSPX-wrong", 401, "invalid_client", "The provided client secret is invalid.")]
    [InlineData("client_secret", "", 400, "invalid_request", "client_secret is missing.")]
    [InlineData("scope", "https://www.googleapis.com/auth/drive", 400, "invalid_scope", "Bad Request")]
    public async Task A_wrong_refresh_is_refused_in_Googles_words(string field, string value, int status, string error, string description)
    {
        var answer = await lab.PostTokenAsync(new Dictionary<string, string>(Form()) { [field] = value });

        answer.Status.ShouldBe(status);
        answer.Body.GetProperty("error").GetString().ShouldBe(error);
        answer.Body.GetProperty("error_description").GetString().ShouldBe(description);
    }

    private Dictionary<string, string> Form()
    {
        var file = JsonDocument.Parse(lab.Lab.AuthorizedUserFile(World.User).Reveal()).RootElement;
        file.GetProperty("type").GetString().ShouldBe("authorized_user");
        var form = new[] { "client_id", "client_secret", "refresh_token" }.ToDictionary(name => name, name => file.GetProperty(name).GetString()!);
        form["grant_type"] = "refresh_token";
        return form;
    }
}
