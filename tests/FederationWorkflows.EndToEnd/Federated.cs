using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.EndToEnd;

/// <summary>A CloudLab and a server that is pointed at it, with a shipped story, each changed as a test wants.</summary>
internal sealed class Federated : IAsyncDisposable
{
    private readonly WebApplication server;

    private Federated(CloudLabServer lab, WebApplication server)
    {
        Lab = lab;
        this.server = server;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(server.Urls.Single()) };
    }

    public CloudLabServer Lab { get; }

    public IServiceProvider Services => server.Services;

    /// <summary>A client of the server, which trusts it.</summary>
    public HttpClient Client { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Federated> StartAsync(LabWorld world, Action<JsonNode> changeStory, Action<Dictionary<string, string?>>? changeSettings = null, string story = "gcp-to-aws-list-buckets")
    {
        LabSession.BypassProxy();
        var lab = await CloudLabServer.StartAsync(new CloudLabOptions { World = world }, Cancellation);
        var settings = LabSession.Settings(lab).ToDictionary();
        settings["Server:Stories"] = null;
        settings["Storage:Mode"] = "Memory";
        settings["SignIn:TrustLocalCallers"] = "true";
        changeSettings?.Invoke(settings);
        var server = await ServerHost.CreateAsync(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Configuration.AddInMemoryCollection(settings);
                builder.Logging.ClearProviders();
            },
            Cancellation);
        await server.Services.GetRequiredService<DefinitionCatalog>().PublishAsync(Story(story, changeStory), ServerHost.System, Cancellation);
        await server.StartAsync(Cancellation);
        return new Federated(lab, server);
    }

    /// <summary>Sends an incident to the story's webhook.</summary>
    public Task<(HttpStatusCode Status, string Body, string RunId)> SendIncidentAsync() => SendAsync("workflows/incidents", """{"id":"INC-2041","severity":"high"}""");

    /// <summary>Sends JSON to a webhook.</summary>
    public async Task<(HttpStatusCode Status, string Body, string RunId)> SendAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Client.PostAsync(new Uri(path, UriKind.Relative), content, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation), answer.Headers.GetValues("x-elsa-workflow-instance-id").Single());
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await Client.GetStringAsync(new Uri(path, UriKind.Relative), Cancellation)).RootElement;

    /// <summary>The run, once it has ended. Two minutes are waited at most: retries wait by the real clock.</summary>
    public async Task<JsonElement> EndOfAsync(string runId)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            var run = await GetAsync($"elsa/api/workflow-instances/{runId}");
            if (run.GetProperty("status").GetString() == "Finished")
            {
                return run;
            }

            await Task.Delay(50, patience.Token);
        }
    }

    public async Task<string> JournalAsync(string runId)
    {
        using var everything = new StringContent("{}", Encoding.UTF8, "application/json");
        using var answer = await Client.PostAsync(new Uri($"elsa/api/workflow-instances/{runId}/journal", UriKind.Relative), everything, Cancellation);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
        await Lab.DisposeAsync();
    }

    private static byte[] Story(string id, Action<JsonNode> change)
    {
        var story = JsonNode.Parse(ShippedStories.Read(id))!;
        change(story);
        return Encoding.UTF8.GetBytes(story.ToJsonString());
    }
}
