using FederationWorkflows.EndToEnd.Processes;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>
/// Rows that are compared with each other. Their servers all stand ready, and are measured in turns, a slice of the time each: what else the machine
/// does meets all of them alike.
/// </summary>
internal sealed class Turns(LoadRun run, LoadOptions options) : IAsyncDisposable
{
    private readonly List<Row> rows = [];

    /// <param name="name">What is measured.</param>
    /// <param name="servers">The servers, which end with this.</param>
    /// <param name="path">The path that is posted to.</param>
    /// <param name="directory">A directory for what the client writes.</param>
    /// <param name="deployment">Whose runs are looked for afterwards; null where nothing is kept.</param>
    /// <param name="comparison">What the row before is called, which this one is a part of; null to compare with nothing.</param>
    public void Add(string name, StartedServers servers, string path, string directory, Deployment? deployment, string? comparison = null) =>
        rows.Add(new Row(name, servers, path, directory, deployment, comparison));

    /// <returns>What each row took each second, in the order in which they were added.</returns>
    public async Task<IReadOnlyList<double>> MeasureAsync()
    {
        foreach (var row in rows)
        {
            await MeasureAsync(row, options.WarmUpSeconds, seconds: 1);
            row.Slices.Clear();
        }

        for (var turn = 0; turn < options.Turns; turn++)
        {
            foreach (var row in rows)
            {
                await MeasureAsync(row, warmUp: 1, options.Seconds / options.Turns);
            }
        }

        var rates = new List<double>();
        foreach (var row in rows)
        {
            var sum = Sum([.. row.Slices.Select(slice => slice.Result)]);
            var remark = row.Comparison is { } comparison ? $"{LoadTable.Percent(sum.AcceptedPerSecond, rates[^1])} of {comparison}" : "";
            LoadTable.Write(row.Name, sum, TimeSpan.FromTicks((long)row.Slices.Average(slice => slice.Processor.Ticks)), row.Servers.Processes.Max(process => process.PeakWorkingSet), remark);
            rates.Add(sum.AcceptedPerSecond);
        }

        return rates;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var row in rows)
        {
            await row.Servers.DisposeAsync();
        }
    }

    private async Task MeasureAsync(Row row, double warmUp, double seconds)
    {
        var began = DateTimeOffset.UtcNow;
        var (result, ids, processor) = await run.MeasureAsync(row.Servers.Processes, row.Path, row.Directory, warmUp, seconds);
        row.Slices.Add((result, processor));
        if (row.Deployment is { } deployment)
        {
            await run.CheckAsync(row.Name, deployment, ids, result, began);
        }
    }

    /// <summary>Slices are of one length: what they took together is their mean. Percentiles are those of the slice in the middle.</summary>
    private static LoadResult Sum(LoadResult[] slices) => new()
    {
        Accepted = slices.Sum(slice => slice.Accepted),
        AcceptedPerSecond = slices.Average(slice => slice.AcceptedPerSecond),
        P50 = slices.Select(slice => slice.P50).Order().ElementAt(slices.Length / 2),
        P99 = slices.Select(slice => slice.P99).Order().ElementAt(slices.Length / 2),
    };

    private sealed record Row(string Name, StartedServers Servers, string Path, string Directory, Deployment? Deployment, string? Comparison)
    {
        public List<(LoadResult Result, TimeSpan Processor)> Slices { get; } = [];
    }
}
