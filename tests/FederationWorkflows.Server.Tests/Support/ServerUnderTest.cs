using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Server.Tests.Support;

/// <summary>The real server on a free port of this machine, with the stories of a test.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly WebApplication app;

    private ServerUnderTest(WebApplication app, Gate gate)
    {
        this.app = app;
        Gate = gate;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }) { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public Gate Gate { get; }

    public IServiceProvider Services => app.Services;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<ServerUnderTest> StartAsync(params JsonObject[] stories) => StartAsync(stories, settings: null);

    public static async Task<ServerUnderTest> StartAsync(JsonObject[] stories, IReadOnlyDictionary<string, string?>? settings, Action<WebApplicationBuilder>? configure = null)
    {
        var gate = new Gate();
        var app = await ServerHost.CreateAsync(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Server:Stories"] = "", ["Storage:Mode"] = "Memory", ["SignIn:TrustLocalCallers"] = "true" });
                builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
                builder.Logging.ClearProviders();
                builder.Services.AddSingleton(gate);
                builder.Services.AddSingleton<IActivityProvider>(TypedActivityProvider.FromAssemblyOf<WaitAtGate>());
                configure?.Invoke(builder);
            },
            Cancellation);
        foreach (var story in stories)
        {
            await PublishAsync(app, story);
        }

        await app.StartAsync(Cancellation);
        return new ServerUnderTest(app, gate);
    }

    /// <summary>Publishes a story on the server as it runs.</summary>
    public Task PublishAsync(JsonObject story) => PublishAsync(app, story);

    public Task<HttpResponseMessage> PostAsync(string path, string json = "{}") => PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> PostAsync(string path, HttpContent content) => Client.PostAsync(new Uri(path, UriKind.Relative), content, Cancellation);

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        using var answer = await GetAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancellation));
        return await JsonAsync(answer);
    }

    /// <summary>How many runs there are.</summary>
    public async Task<int> CountRunsAsync()
    {
        using var answer = await PostAsync("/elsa/api/workflow-instances");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return (await JsonAsync(answer)).GetProperty("totalCount").GetInt32();
    }

    /// <summary>The run once it has the status; its stored state changes without a call to us, so this asks until it has, or a minute is over.</summary>
    public async Task<JsonElement> RunAsync(string id, string subStatus)
    {
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var run = await GetJsonAsync($"/elsa/api/workflow-instances/{id}");
            if (run.GetProperty("subStatus").GetString() == subStatus)
            {
                return run;
            }

            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromMinutes(1), $"run {id} should become {subStatus}: {run}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation);
        }
    }

    public async ValueTask StopAsync() => await app.StopAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        Client.Dispose();
        await app.DisposeAsync();
    }

    private static async Task PublishAsync(WebApplication app, JsonObject story) =>
        await app.Services.GetRequiredService<DefinitionCatalog>().PublishAsync(Encoding.UTF8.GetBytes(story.ToJsonString()), ServerHost.System, Cancellation);

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
}

internal static class Answers
{
    public static string RunId(this HttpResponseMessage answer) => answer.Headers.GetValues("x-elsa-workflow-instance-id").Single();

    public static async Task<string> TextAsync(this HttpResponseMessage answer) => await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>The answer is a problem (RFC 9457) with this status; returns its detail.</summary>
    public static async Task<string> ShouldBeProblemAsync(this HttpResponseMessage answer, HttpStatusCode status)
    {
        answer.StatusCode.ShouldBe(status, await answer.TextAsync());
        answer.Content.Headers.ContentType.ShouldBe(new MediaTypeHeaderValue("application/problem+json"));
        var problem = await ServerUnderTest.JsonAsync(answer);
        problem.GetProperty("status").GetInt32().ShouldBe((int)status);
        return problem.TryGetProperty("detail", out var detail) ? detail.GetString()! : "";
    }
}
