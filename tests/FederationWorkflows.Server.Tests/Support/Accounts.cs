using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Server.Access.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Server.Tests.Support;

/// <summary>A server where people must sign in, and people who do.</summary>
internal static class Accounts
{
    public const string Password = "correct horse battery";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<ServerUnderTest> StartAsync(Clock? clock = null, IReadOnlyDictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null) => ServerUnderTest.StartAsync(
        [],
        new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["SignIn:TrustLocalCallers"] = "false" },
        builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(clock ?? new Clock());
            configure?.Invoke(builder);
        });

    /// <summary>The first administrator, ann, in a session.</summary>
    public static async Task<HttpClient> AdministratorAsync(this ServerUnderTest server)
    {
        var client = server.NewClient();
        var token = await server.Services.GetRequiredService<SetUp>().NewTokenAsync(Cancellation);
        using var answer = await client.PostAsJsonAsync("/api/set-up", new { token, name = "ann", password = Password }, Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.TextAsync());
        return client;
    }

    /// <summary>Somebody the administrator makes, in a session.</summary>
    public static async Task<HttpClient> UserAsync(this ServerUnderTest server, HttpClient administrator, string name, params string[] roles)
    {
        using var created = await administrator.PostAsJsonAsync("/api/users", new { name, password = Password, roles }, Cancellation);
        created.StatusCode.ShouldBe(HttpStatusCode.Created, await created.TextAsync());
        var client = server.NewClient();
        using var answer = await client.SignInAsync(name);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return client;
    }

    public static HttpClient NewClient(this ServerUnderTest server) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = server.Address };

    public static Task<HttpResponseMessage> SignInAsync(this HttpClient client, string name, string password = Password) =>
        client.PostAsJsonAsync("/api/sign-in", new { name, password }, Cancellation);

    public static async Task<JsonElement> JsonAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return await ServerUnderTest.JsonAsync(answer);
    }

    public static async Task<HttpStatusCode> StatusAsync(this HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return answer.StatusCode;
    }

    /// <summary>The id of a user.</summary>
    public static async Task<string> IdOfAsync(this HttpClient administrator, string name) =>
        (await administrator.JsonAsync("/api/users")).GetProperty("items").EnumerateArray().Single(user => user.GetProperty("name").GetString() == name).GetProperty("id").GetString()!;

    public static async Task<HttpResponseMessage> ChangeAsync(this HttpClient administrator, string name, object change) =>
        await administrator.PatchAsJsonAsync($"/api/users/{await administrator.IdOfAsync(name)}", change, Cancellation);

    /// <summary>Makes an API key.</summary>
    /// <returns>Its id, and a client that comes with it.</returns>
    public static async Task<(string Id, string Key, HttpClient Client)> KeyAsync(this ServerUnderTest server, HttpClient owner, int days, params string[] scopes)
    {
        using var answer = await owner.PostAsJsonAsync("/api/keys", new { name = "ci", scopes, expiresInDays = days }, Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.TextAsync());
        var made = await ServerUnderTest.JsonAsync(answer);
        var key = made.GetProperty("key").GetString()!;
        return (made.GetProperty("id").GetString()!, key, server.WithKey(key));
    }

    public static HttpClient WithKey(this ServerUnderTest server, string key)
    {
        var client = server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", key);
        return client;
    }
}
