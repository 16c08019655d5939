using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Storage.PostgreSql.Tests;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>One run of the program: one table, one machine.</summary>
internal sealed class LoadRun(LoadOptions options)
{
    public static readonly string[] Parts = ["bare", "server", "history", "loops", "overload", "nodes"];

    public static readonly string[] Storages = ["sqlite", "postgresql"];

    /// <summary>Bytes of state and history that the server stores for a run of five activities; the bare rows store as many.</summary>
    private const int StoredBytes = 6_400;

    private readonly string program = Path.Combine(AppContext.BaseDirectory, "Benchmarks.dll");

    private readonly string server = Path.Combine(AppContext.BaseDirectory, "FederationWorkflows.Server.dll");

    private readonly List<string> failures = [];

    /// <returns>False when something that was accepted was not done.</returns>
    public async Task<bool> RunAsync()
    {
        await using var postgreSql = new PostgreSqlServer { IsDurable = true };
        await postgreSql.InitializeAsync();
        LoadTable.WriteHead();
        if (options.Wants("bare"))
        {
            await MeasureBareAsync("Kestrel alone: 202", new BareOrder());
        }

        await MeasureStorageAsync("SQLite", Deployment.OnSqlite(), file => new BareOrder { SqliteFile = file, StoredBytes = StoredBytes });
        await MeasureStorageAsync("PostgreSQL", Deployment.OnPostgreSql(postgreSql), _ => new BareOrder { PostgreSql = postgreSql.ConnectionString, StoredBytes = StoredBytes });
        if (options.Wants("nodes") && options.WantsStorage("postgresql"))
        {
            await using var deployment = Deployment.OnPostgreSql(postgreSql);
            deployment.AddStory(LoadStories.OfFive());
            await MeasureServerAsync("three nodes, PostgreSQL", deployment, nodes: 3, _ => "");
        }

        foreach (var failure in failures)
        {
            await Console.Error.WriteLineAsync(failure);
        }

        return failures.Count == 0;
    }

    private async Task MeasureStorageAsync(string storage, Deployment deployment, Func<string, BareOrder> bare)
    {
        await using var own = deployment;
        if (!options.WantsStorage(storage))
        {
            return;
        }

        deployment.AddStory(LoadStories.OfFive());
        deployment.AddStory(LoadStories.OfLoop());
        LoadResult? least = null, empty = null;
        if (options.Wants("bare"))
        {
            least = await MeasureBareAsync($"Kestrel and two inserts, {storage}", bare(Path.Combine(deployment.Directory.FullName, "bare.db")));
        }

        if (options.Wants("server") || options.Wants("history") || options.Wants("overload"))
        {
            empty = await MeasureServerAsync($"server, story of five activities, {storage}", deployment, nodes: 1, own =>
                least is null ? "" : $"{LoadTable.Percent(own.AcceptedPerSecond, least.AcceptedPerSecond)} of Kestrel and two inserts");
        }

        if (options.Wants("overload") && empty is not null && storage == "SQLite")
        {
            await new OverloadRun(this, options).MeasureAsync(storage, deployment, 4 * empty.AcceptedPerSecond);
        }

        if (options.Wants("loops"))
        {
            await using var server = await StartServersAsync(deployment, nodes: 1);
            await LoopRun.MeasureAsync(storage, deployment, server.Processes[0].Address);
        }

        if (options.Wants("history") && empty is not null)
        {
            await deployment.CloseAsync();
            await StoredRuns.FillAsync(deployment, options.Stored);
            var name = string.Create(CultureInfo.InvariantCulture, $"with {options.Stored:N0} runs, {StoredRuns.Versions:N0} versions, {storage}");
            await MeasureServerAsync(name, deployment, nodes: 1, full => $"{LoadTable.Percent(full.AcceptedPerSecond, empty.AcceptedPerSecond)} of the empty database's");
        }
    }

    private async Task<LoadResult> MeasureBareAsync(string name, BareOrder order)
    {
        var directory = Directory.CreateTempSubdirectory("fedflow-load-");
        try
        {
            using var bare = await MeasuredProcess.StartAsync(directory.FullName, program, BareServer.Name, JsonSerializer.Serialize(order));
            var (result, _, processor) = await MeasureAsync([bare], "/", directory.FullName);
            LoadTable.Write(name, result, processor, bare.PeakWorkingSet, "");
            return result;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<LoadResult> MeasureServerAsync(string name, Deployment deployment, int nodes, Func<LoadResult, string> remark)
    {
        await using var servers = await StartServersAsync(deployment, nodes);
        var began = DateTimeOffset.UtcNow;
        var (result, ids, processor) = await MeasureAsync(servers.Processes, LoadStories.FivePath, deployment.Directory.FullName);
        LoadTable.Write(name, result, processor, servers.Processes.Max(process => process.PeakWorkingSet), remark(result));
        await CheckAsync(name, deployment, ids, result, began);
        return result;
    }

    public async Task<StartedServers> StartServersAsync(Deployment deployment, int nodes)
    {
        var processes = new List<MeasuredProcess>();
        for (var node = 0; node < nodes; node++)
        {
            string[] command = [server, "--urls", "http://127.0.0.1:0", "--Server:Stories=stories", .. deployment.Settings.Select(setting => $"--{setting.Key}={setting.Value}")];
            processes.Add(await MeasuredProcess.StartAsync(deployment.Directory.FullName, command));
        }

        return new StartedServers(processes);
    }

    private async Task<(LoadResult Result, IReadOnlyList<string> Ids, TimeSpan Processor)> MeasureAsync(IReadOnlyList<MeasuredProcess> servers, string path, string directory)
    {
        var sending = SendAsync(new LoadOrder
        {
            Servers = [.. servers.Select(process => process.Address)],
            Path = path,
            Connections = options.Connections,
            WarmUpSeconds = options.WarmUpSeconds,
            Seconds = options.Seconds,
            IdsFile = Path.Combine(directory, "ids"),
        });
        await Task.Delay(TimeSpan.FromSeconds(options.WarmUpSeconds + 0.5));
        var (began, before) = (Stopwatch.GetTimestamp(), Computed());
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds - 0.5));
        var processor = (Computed() - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (result, ids) = await sending;
        return (result, ids, processor);

        TimeSpan Computed() => servers.Aggregate(TimeSpan.Zero, (sum, server) => sum + server.ProcessorTime);
    }

    /// <summary>Lets the client do its work.</summary>
    public async Task<(LoadResult Result, IReadOnlyList<string> Ids)> SendAsync(LoadOrder order)
    {
        using var client = Process.Start(new ProcessStartInfo("dotnet", [program, LoadClient.Name, JsonSerializer.Serialize(order)]) { RedirectStandardOutput = true })!;
        var output = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return client.ExitCode == 0
            ? (JsonSerializer.Deserialize<LoadResult>(output)!, await File.ReadAllLinesAsync(order.IdsFile))
            : throw new InvalidOperationException($"The client ended with {client.ExitCode}: {output}");
    }

    /// <summary>Every event that was accepted has a run of its own, and that run has ended as its story says.</summary>
    public async Task CheckAsync(string name, Deployment deployment, IReadOnlyList<string> ids, LoadResult result, DateTimeOffset since)
    {
        var finished = await LoadedRuns.FinishedAsync(deployment.Runs, since);
        var missing = ids.Count(id => !finished.Contains(id));
        if (missing > 0 || ids.Distinct().Count() != result.Accepted)
        {
            failures.Add($"{name}: {result.Accepted} events were accepted with {ids.Distinct().Count()} run ids, and {missing} of these runs did not finish.");
        }

        foreach (var (answer, count) in result.Others)
        {
            failures.Add($"{name}: {count} times {answer}.");
        }

        if (result.WithoutRetryAfter > 0)
        {
            failures.Add($"{name}: {result.WithoutRetryAfter} events were turned away and not told when to come again.");
        }
    }
}

/// <summary>The nodes of a deployment.</summary>
internal sealed record StartedServers(IReadOnlyList<MeasuredProcess> Processes) : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await Task.WhenAll(Processes.Select(process => Task.Run(process.Dispose)));
}
