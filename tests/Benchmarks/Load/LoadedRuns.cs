using System.Diagnostics;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>What became of runs, read from the database.</summary>
internal static class LoadedRuns
{
    /// <summary>Waits until no run is unfinished, for two minutes at most.</summary>
    /// <returns>The ids of the runs of five activities that were created since then and have finished.</returns>
    public static async Task<HashSet<string>> FinishedAsync(IRunStore runs, DateTimeOffset since)
    {
        var query = new RunQuery { DefinitionIds = [LoadStories.Five], Times = [new RunTimeFilter(RunTime.Created, since, null)], CountTotal = false };
        var patience = Stopwatch.StartNew();
        while ((await runs.ListAsync(query with { Status = WorkflowStatus.Running, Take = 1 }, CancellationToken.None)).Items.Count > 0 && patience.Elapsed < TimeSpan.FromMinutes(2))
        {
            await Task.Delay(100);
        }

        var finished = new HashSet<string>();
        query = query with { SubStatuses = [WorkflowSubStatus.Finished], Ascending = true, Take = 1_000 };
        while (true)
        {
            var page = await runs.ListAsync(query, CancellationToken.None);
            if (page.Items.Count == 0)
            {
                return finished;
            }

            finished.UnionWith(page.Items.Select(run => run.Identity.Id));
            query = query with { After = RunCursor.Of(page.Items[^1]) };
        }
    }
}
