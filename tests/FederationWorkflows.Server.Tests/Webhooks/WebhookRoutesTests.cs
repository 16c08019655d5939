using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Tests.Support;
using FederationWorkflows.Server.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>What one node knows of the paths at which runs of another wait.</summary>
public sealed class WebhookRoutesTests : IAsyncDisposable
{
    private readonly ManualTime time = new();

    private ServerUnderTest? server;

    private WebhookRoutes? other;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (other is not null)
        {
            await other.StopAsync(Cancellation);
            other.Dispose();
        }

        await server!.DisposeAsync();
    }

    [Fact]
    public async Task A_path_at_which_a_run_begins_to_wait_is_known_to_all_nodes()
    {
        await StartAsync();

        await WaitAsync("a");

        await BecomesAsync("a", HttpRouteResult.Match);
        Of(other!, "b").ShouldBe(HttpRouteResult.NotFound);
    }

    [Fact]
    public async Task A_path_at_which_runs_wait_no_more_is_forgotten_once_it_is_looked_for()
    {
        await StartAsync();
        await WaitAsync("a");
        await BecomesAsync("a", HttpRouteResult.Match);

        await ResumeAsync("a");

        Of(other!, "a").ShouldBe(HttpRouteResult.Match, "nobody told it");
        var place = other!.Find("POST", "/wait/a").Endpoint!.BookmarkHash!;
        (await other.ForgetGoneAsync([place], Cancellation)).ShouldBeTrue();
        Of(other, "a").ShouldBe(HttpRouteResult.NotFound);
    }

    [Fact]
    public async Task Paths_of_others_do_not_pile_up()
    {
        await StartAsync();
        await WaitAsync("a");
        await WaitAsync("b");
        await BecomesAsync("a", HttpRouteResult.Match);
        await BecomesAsync("b", HttpRouteResult.Match);
        await ResumeAsync("a");

        await BecomesAsync("a", HttpRouteResult.NotFound, () => time.Advance(TimeSpan.FromMinutes(5)));
        Of(other!, "b").ShouldBe(HttpRouteResult.Match);
    }

    [Fact]
    public async Task A_run_that_waits_where_another_was_resumed_is_still_found()
    {
        await StartAsync();
        var place = await WaitAsync("a");
        var second = await WaitAsync("a");
        var own = server!.Services.GetRequiredService<WebhookRoutes>();
        await server.PostAsync($"/elsa/api/cancel/workflow-instances/{place}");
        await server.RunAsync(place, "Cancelled");

        Of(own, "a").ShouldBe(HttpRouteResult.Match);
        await ResumeAsync("a");
        await server.RunAsync(second, "Finished");
        while (Of(own, "a") != HttpRouteResult.NotFound)
        {
            await Task.Yield();
        }
    }

    private static HttpRouteResult Of(WebhookRoutes routes, string path) => routes.Find("POST", "/wait/" + path).Result;

    private async Task StartAsync()
    {
        var told = Waits("told", "");
        told["path"] = Formula("'wait/' + trigger.body.at");
        server = await ServerUnderTest.StartAsync([Stories.Of("waits", [Starts("begin"), told])], settings: null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        other = new WebhookRoutes(
            server.Services.GetRequiredService<DefinitionCatalog>(), server.Services.GetRequiredService<IRunStore>(), server.Services.GetRequiredService<IStoreSignals>(), time, NullLogger<WebhookRoutes>.Instance);
        await other.StartAsync(Cancellation);
    }

    /// <summary>Starts a run that waits at a path.</summary>
    private async Task<string> WaitAsync(string path)
    {
        using var started = await server!.PostAsync("/workflows/begin", $$"""{"at":"{{path}}"}""");
        await server.RunAsync(started.RunId(), "Suspended");
        return started.RunId();
    }

    private async Task ResumeAsync(string path)
    {
        using var answer = await server!.PostAsync("/workflows/wait/" + path);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.TextAsync());
    }

    private async Task BecomesAsync(string path, HttpRouteResult result, Action? meanwhile = null)
    {
        var began = System.Diagnostics.Stopwatch.StartNew();
        while (Of(other!, path) != result)
        {
            began.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
            meanwhile?.Invoke();
            await Task.Delay(10, Cancellation);
        }
    }
}
