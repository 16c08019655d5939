using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Http.Outbound;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>Webhooks that are called with an OpenID Connect token, as Google Pub/Sub does.</summary>
public sealed class OidcCallerTests : IDisposable
{
    private const string Issuer = "https://issuer.example";

    private const string Audience = "https://flows.example/hook";

    private const string Sender = "push@project.iam.gserviceaccount.com";

    private const string Message = """{"message":{"messageId":"136969346945","data":"SGVsbG8="},"subscription":"projects/p/subscriptions/s"}""";

    private readonly RSA key = RSA.Create(2048);

    private readonly RSA other = RSA.Create(2048);

    private readonly OutboundStub outside = new();

    private readonly ManualTime time = new();

    public void Dispose()
    {
        key.Dispose();
        other.Dispose();
    }

    [Fact]
    public async Task A_push_with_the_service_accounts_token_is_taken_and_the_same_message_once()
    {
        await using var server = await StartAsync();
        using var first = await SendAsync(server, Token());
        first.StatusCode.ShouldBe(HttpStatusCode.Accepted, await first.TextAsync());
        using var again = await SendAsync(server, Token());
        again.RunId().ShouldBe(first.RunId());
        outside.Asked.Count.ShouldBe(2, "configuration and keys are fetched once");
    }

    [Theory]
    [InlineData("iss", "\"https://evil.example\"")]
    [InlineData("aud", "\"https://flows.example/other\"")]
    [InlineData("email", "\"push@evil.iam.gserviceaccount.com\"")]
    [InlineData("email", "null")]
    [InlineData("email_verified", "false")]
    [InlineData("email_verified", "null")]
    [InlineData("exp", "1")]
    [InlineData("nbf", "99999999999")]
    public async Task A_token_that_is_not_the_callers_for_here_and_now_is_refused(string claim, string value)
    {
        await using var server = await StartAsync();
        using var answer = await SendAsync(server, Token(claims => claims[claim] = JsonNode.Parse(value)));
        await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        if (claim == "iss")
        {
            outside.Asked.ShouldBeEmpty("a token does not choose where the server calls");
        }
    }

    [Fact]
    public async Task A_token_that_somebody_else_signed_is_refused()
    {
        await using var server = await StartAsync();
        foreach (var token in new[] { Token(signer: other), Token(header: h => h["alg"] = "none"), Token(header: h => h["alg"] = "HS256"), "x.y.z", "" })
        {
            using var answer = await SendAsync(server, token);
            await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_found_but_strangers_cannot_make_the_server_ask_often()
    {
        await using var server = await StartAsync();
        (await SendAsync(server, Token())).Dispose();
        Publish(("k2", other));
        using var early = await SendAsync(server, Token(signer: other, header: h => h["kid"] = "k2"));
        await early.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        outside.Asked.Count.ShouldBe(2);

        time.Advance(TimeSpan.FromMinutes(1));
        using var later = await SendAsync(server, Token(signer: other, header: h => h["kid"] = "k2"));
        later.StatusCode.ShouldBe(HttpStatusCode.Accepted, await later.TextAsync());
        outside.Asked.Count.ShouldBe(4);
    }

    private async Task<ServerUnderTest> StartAsync()
    {
        outside.Pages[Issuer + "/.well-known/openid-configuration"] = JsonSerializer.Serialize(new { issuer = Issuer, jwks_uri = Issuer + "/keys" });
        Publish(("k1", key));
        return await ServerUnderTest.StartAsync(
            [Of("hook", [Starts("hook", more: [("caller", Literal("oidc")), ("issuer", Literal(Issuer)), ("audience", Literal(Audience)), ("callerIdentity", Literal(Sender))])])],
            settings: null,
            builder =>
            {
                builder.Services.AddSingleton<IOutboundHttp>(outside);
                builder.Services.AddSingleton<TimeProvider>(time);
            });
    }

    private void Publish((string Id, RSA Key) published) =>
        outside.Pages[Issuer + "/keys"] = new JsonObject { ["keys"] = new JsonArray(JsonWebKey.FromRsa(published.Id, published.Key).ToJson()) }.ToJsonString();

    private string Token(Action<JsonObject>? claims = null, RSA? signer = null, Action<JsonObject>? header = null)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var head = new JsonObject { ["alg"] = "RS256", ["kid"] = "k1", ["typ"] = "JWT" };
        header?.Invoke(head);
        var body = new JsonObject { ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = "113774264463038321964", ["email"] = Sender, ["email_verified"] = true, ["iat"] = now, ["exp"] = now + 3600 };
        claims?.Invoke(body);
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(head.ToJsonString()))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(body.ToJsonString()))}";
        return $"{signed}.{Base64Url.EncodeToString((signer ?? key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/workflows/hook", UriKind.Relative)) { Content = new StringContent(Message, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
