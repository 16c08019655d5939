using System.Globalization;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>A loop of many turns in one run: what a turn costs early, in the middle and late, by the times in the run's own journal.</summary>
internal static class LoopRun
{
    /// <summary>The first makes the server's code hot; the second is measured.</summary>
    private const int Rounds = 2;

    public static async Task MeasureAsync(string storage, Deployment deployment, Uri server)
    {
        var run = "";
        for (var round = 0; round < Rounds; round++)
        {
            run = await RunAsync(deployment.Runs, server);
        }

        var length = (await deployment.Runs.GetJournalAsync(run, new JournalQuery { Take = 1 }, CancellationToken.None)).TotalCount!.Value;
        var costs = new List<string>();
        foreach (var tenth in new[] { 0, 4.5, 9 })
        {
            var (first, last) = ((int)(length * tenth / 10), (int)(length * (tenth + 1) / 10) - 1);
            var took = await TimeAsync(deployment.Runs, run, last) - await TimeAsync(deployment.Runs, run, first);
            costs.Add(string.Create(CultureInfo.InvariantCulture, $"{took.TotalMicroseconds / LoadStories.Turns * 10:N1}"));
        }

        LoadTable.Write(string.Create(CultureInfo.InvariantCulture, $"loop of {LoadStories.Turns:N0} turns, {storage}"), $"{string.Join(" / ", costs)} µs a turn: first/middle/last tenth");
    }

    private static async Task<string> RunAsync(IRunStore runs, Uri server)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await client.PostAsync(new Uri(server, LoadStories.LoopPath), null);
        var id = answer.EnsureSuccessStatusCode().Headers.GetValues("x-elsa-workflow-instance-id").Single();
        while (true)
        {
            var run = await runs.FindAsync(id, CancellationToken.None);
            switch (run?.SubStatus)
            {
                case WorkflowSubStatus.Finished:
                    return id;
                case WorkflowSubStatus.Faulted:
                    throw new InvalidOperationException($"The loop of run {id} failed.");
                default:
                    await Task.Delay(50);
                    break;
            }
        }
    }

    private static async Task<DateTimeOffset> TimeAsync(IRunStore runs, string run, int place) =>
        (await runs.GetJournalAsync(run, new JournalQuery { Skip = place, Take = 1 }, CancellationToken.None)).Items[0].Timestamp;
}
