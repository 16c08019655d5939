using System.Globalization;
using FederationWorkflows.EndToEnd.Processes;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>Offers more than the server can take for some time: who is turned away is told when to come again, and memory settles.</summary>
internal sealed class OverloadRun(LoadRun run, LoadOptions options)
{
    /// <summary>More than a node has room for, so that it has to turn some away.</summary>
    private const int Connections = 4_000;

    public async Task MeasureAsync(string storage, Deployment deployment, double offered)
    {
        await using var servers = await run.StartServersAsync(deployment, nodes: 1);
        var server = servers.Processes[0];
        var order = new LoadOrder
        {
            Servers = [server.Address],
            Path = LoadStories.FivePath,
            Connections = Connections,
            OfferedPerSecond = offered,
            WarmUpSeconds = options.WarmUpSeconds,
            Seconds = 3 * options.Seconds,
            IdsFile = Path.Combine(deployment.Directory.FullName, "ids"),
        };
        var began = DateTimeOffset.UtcNow;
        var sending = run.SendAsync(order);
        var (sizes, before, clock) = (new List<long>(), server.ProcessorTime, System.Diagnostics.Stopwatch.StartNew());
        while (await Task.WhenAny(sending, Task.Delay(250)) != sending)
        {
            sizes.Add(server.WorkingSet);
        }

        var processor = (server.ProcessorTime - before) / clock.Elapsed.TotalSeconds;
        var (result, ids) = await sending;
        var third = sizes.Count / 3;
        var name = string.Create(CultureInfo.InvariantCulture, $"offered 4 times as much ({offered:N0}/s), {storage}");
        var remark = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.TurnedAway / (order.WarmUpSeconds + order.Seconds):N0}/s told to come again; MB by thirds: {sizes.Take(third).Max() / 1e6:N0} / {sizes.Skip(third).Take(third).Max() / 1e6:N0} / {sizes.Skip(2 * third).Max() / 1e6:N0}");
        LoadTable.Write(name, result, processor, server.PeakWorkingSet, remark);
        await run.CheckAsync(name, deployment, ids, result, began);
    }
}
