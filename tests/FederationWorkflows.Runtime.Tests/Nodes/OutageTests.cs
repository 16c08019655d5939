using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.FollowUps;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Runtime.Tests.Nodes;

public sealed class OutageTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Services => ["timers", "schedules", "follow-ups", "abandoned runs"];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task While_the_storage_is_away_it_is_asked_soon_and_then_less_often(string service)
    {
        var outage = new Outage();
        await using var server = await CreateAsync(service, outage);
        await HostAsync(server, service);

        foreach (var (wait, failures) in new[] { 1, 2, 4, 8, 16, 30, 30 }.Select((wait, at) => (wait * Second, at + 1)))
        {
            await FailedAsync(server, failures);
            await server.Time.SleeperAsync(server.Time.Now + wait);
            server.Time.Advance(wait);
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task What_was_to_be_done_meanwhile_is_done_as_soon_as_the_storage_is_found_back(string service)
    {
        var outage = new Outage();
        await using var server = await CreateAsync(service, outage);
        var isDone = await WorkAsync(server, service);
        await HostAsync(server, service);
        await FailedAsync(server, 1);
        await server.Time.SleeperAsync(server.Time.Now + Second);

        outage.IsOn = false;
        server.Time.Advance(Second);

        await Server.BecomesAsync(isDone);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_storage_that_says_it_is_back_is_asked_at_once(string service)
    {
        var outage = new Outage();
        await using var server = await CreateAsync(service, outage);
        var isDone = await WorkAsync(server, service);
        await HostAsync(server, service);
        await FailedAsync(server, 1);
        await server.Time.SleeperAsync(server.Time.Now + Second);

        outage.IsOn = false;
        server.Memory.Signals.Tell(new StoreSignal(SignalKinds.Everything, ""));

        await Server.BecomesAsync(isDone);
    }

    private static Task<Server> CreateAsync(string service, Outage outage) => Server.CreateAsync(services => _ = service switch
    {
        "schedules" => services.AddSingleton(provider => outage.Of<IScheduleStore>(provider.GetRequiredService<MemoryWorkflowStore>())),
        "follow-ups" => services.AddSingleton(provider => outage.Of<IFollowUpStore>(provider.GetRequiredService<MemoryWorkflowStore>())),
        _ => services.AddSingleton(provider => outage.Of<IRunStore>(provider.GetRequiredService<MemoryWorkflowStore>())),
    });

    private static Task HostAsync(Server server, string service) => service switch
    {
        "timers" => server.HostAsync<TimerService>(),
        "schedules" => server.HostAsync<ScheduleService>(),
        "follow-ups" => server.HostAsync<FollowUpService>(),
        _ => server.HostAsync<LeaseService>(),
    };

    private static Task FailedAsync(Server server, int times) =>
        Server.BecomesAsync(() => Task.FromResult(server.Log.Lines.Count(line => line.StartsWith("Error:", StringComparison.Ordinal) && line.Contains("the next attempt follows", StringComparison.Ordinal)) == times));

    /// <summary>Something that waits to be done in the storage, put there by a node that can reach it.</summary>
    private static async Task<Func<Task<bool>>> WorkAsync(Server server, string service)
    {
        await using var other = await Server.CreateAsync(beside: server);
        switch (service)
        {
            case "timers":
                var waiting = await other.RestAsync(Story.Of("story", Story.Wait("wait", minutes: 1)));
                server.Time.Advance(60 * Second);
                return async () => (await server.SummaryAsync(waiting.RunId)).SubStatus == WorkflowSubStatus.Finished;
            case "schedules":
                var trigger = Story.Step("Elsa.Timer", "t", ("interval", Story.Literal("00:01:00")));
                trigger["customProperties"] = new System.Text.Json.Nodes.JsonObject { ["canStartWorkflow"] = true };
                await other.PublishAsync(Story.Of("story", trigger));
                server.Time.Advance(60 * Second);
                return async () => (await server.Memory.ListAsync(new RunQuery(), Token)).TotalCount == 1;
            case "follow-ups":
                await other.PublishAsync(Story.Of("asked", Story.Act("act")));
                await other.RestAsync(Story.Of("asks", Story.Step("Elsa.DispatchWorkflow", "d", ("workflowDefinitionId", Story.Literal("asked")))));
                server.Time.Advance(10 * Second);
                return async () => (await server.Memory.GetFollowUpsAsync(1, null, Token)).Count == 0;
            default:
                var handle = await other.StartAsync(Story.Of("story", Story.Call("call")));
                await other.World.ArrivalAsync("call");
                server.World.Gate("call").SetResult(null);
                await ((IHostedService)other.Runtime).StopAsync(Token);
                return async () => (await server.SummaryAsync(handle.RunId)).SubStatus == WorkflowSubStatus.Finished;
        }
    }
}
