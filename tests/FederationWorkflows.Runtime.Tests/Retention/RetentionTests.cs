using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Retention;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Tests.Retention;

public sealed class RetentionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_go_by_age_and_count_and_status_in_batches_and_those_that_wait_stay()
    {
        await using var server = await Server.CreateAsync(
            services => services.Configure<RetentionOptions>(options =>
            {
                options.BatchSize = 2;
                options.Rules.Add(new RetentionRule { MaxAge = TimeSpan.FromHours(1), Statuses = { WorkflowSubStatus.Finished } });
                options.Rules.Add(new RetentionRule { MaxPerDefinition = 3, Statuses = { WorkflowSubStatus.Faulted } });
            }));
        var waits = (await server.RestAsync(Story.Of("waits", Story.Wait("wait")))).RunId;
        var old = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            old.Add((await server.RestAsync(Story.Of("done", Story.Act("act")))).RunId);
        }

        var faulted = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            faulted.Add((await server.RestAsync(Story.Of("fails", Story.Step("Test.Quote", "fail")))).RunId);
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        server.Time.Advance(TimeSpan.FromHours(1));
        var recent = (await server.RestAsync(Story.Of("done", Story.Act("act")))).RunId;
        await server.HostAsync<RetentionService>();
        await server.AdvanceUntilAsync(async () => (await IdsAsync(server)).Count == 5, TimeSpan.FromSeconds(1));

        await server.AdvanceUntilAsync(() => Task.FromResult(server.Log.Lines.Any(line => line.Contains("2 runs that had ended were deleted", StringComparison.Ordinal))), TimeSpan.FromSeconds(1));
        (await IdsAsync(server)).ShouldBe([waits, recent, .. faulted[2..]], ignoreOrder: true);
        server.Log.Lines.ShouldContain(line => line.Contains("7 runs that had ended were deleted, as the rules of retention say", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("none", "Retention:Rules:0 needs a MaxAge or a MaxPerDefinition.")]
    [InlineData("age", "Retention:Rules:0:MaxAge must be above zero, such as 30.00:00:00 for 30 days.")]
    [InlineData("count", "Retention:Rules:0:MaxPerDefinition must be 0 or more.")]
    [InlineData("status", "Retention:Rules:0:Statuses may be Finished, Faulted and Cancelled: only runs that have ended go.")]
    [InlineData("batch", "Retention:BatchSize must be from 1 to 10000.")]
    [InlineData("interval", "Retention:Interval must be from 00:00:01 to 1.00:00:00.")]
    public async Task Wrong_rules_are_told(string what, string problem)
    {
        await using var server = await Server.CreateAsync(services => services.Configure<RetentionOptions>(options =>
        {
            var rule = new RetentionRule { MaxPerDefinition = 1 };
            switch (what)
            {
                case "none":
                    rule.MaxPerDefinition = null;
                    break;
                case "age":
                    rule.MaxAge = TimeSpan.Zero;
                    break;
                case "count":
                    rule.MaxPerDefinition = -1;
                    break;
                case "status":
                    rule.Statuses.Add(WorkflowSubStatus.Suspended);
                    break;
                case "batch":
                    options.BatchSize = 0;
                    break;
                default:
                    options.Interval = TimeSpan.Zero;
                    break;
            }

            options.Rules.Add(rule);
        }));

        Should.Throw<OptionsValidationException>(() => server.Get<IOptions<RetentionOptions>>().Value).Failures.ShouldHaveSingleItem().ShouldBe(problem);
    }

    private static async Task<List<string>> IdsAsync(Server server) => [.. (await server.Memory.ListAsync(new RunQuery(), Token)).Items.Select(run => run.Identity.Id)];
}
