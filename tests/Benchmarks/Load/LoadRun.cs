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
    private const int StoredBytes = 5_600;

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
            await MeasureOneAsync("Kestrel alone: 202", new BareOrder());
        }

        await MeasureStorageAsync("SQLite", Deployment.OnSqlite, file => new BareOrder { SqliteFile = file, StoredBytes = StoredBytes });
        await MeasureStorageAsync("PostgreSQL", () => Deployment.OnPostgreSql(postgreSql), _ => new BareOrder { PostgreSql = postgreSql.ConnectionString, StoredBytes = StoredBytes });
        if (options.Wants("nodes") && options.WantsStorage("postgresql"))
        {
            await using var one = NewDeployment(() => Deployment.OnPostgreSql(postgreSql));
            await using var three = NewDeployment(() => Deployment.OnPostgreSql(postgreSql));
            await using var turns = new Turns(this, options);
            turns.Add("one node, PostgreSQL", await StartServersAsync(one, nodes: 1), LoadStories.FivePath, one.Directory.FullName, one);
            turns.Add("three nodes, PostgreSQL", await StartServersAsync(three, nodes: 3), LoadStories.FivePath, three.Directory.FullName, three, "one node");
            await turns.MeasureAsync();
        }

        foreach (var failure in failures)
        {
            await Console.Error.WriteLineAsync(failure);
        }

        return failures.Count == 0;
    }

    private static Deployment NewDeployment(Func<Deployment> create)
    {
        var deployment = create();
        deployment.AddStory(LoadStories.OfFive());
        deployment.AddStory(LoadStories.OfLoop());
        return deployment;
    }

    private async Task MeasureStorageAsync(string storage, Func<Deployment> create, Func<string, BareOrder> bare)
    {
        if (!options.WantsStorage(storage))
        {
            return;
        }

        await using var deployment = NewDeployment(create);
        await using var filled = NewDeployment(create);
        if (options.Wants("history"))
        {
            await FillAsync(filled);
        }

        var rate = 0.0;
        await using (var turns = new Turns(this, options))
        {
            if (options.Wants("bare"))
            {
                var order = bare(Path.Combine(deployment.Directory.FullName, "bare.db"));
                turns.Add($"Kestrel and two inserts, {storage}", await StartBareAsync(deployment.Directory.FullName, order), "/", deployment.Directory.FullName, deployment: null);
            }

            if (options.Wants("server") || options.Wants("history") || options.Wants("overload"))
            {
                turns.Add(
                    $"server, story of five activities, {storage}",
                    await StartServersAsync(deployment, nodes: 1),
                    LoadStories.FivePath,
                    deployment.Directory.FullName,
                    deployment,
                    options.Wants("bare") ? "Kestrel and two inserts" : null);
            }

            if (options.Wants("history"))
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"with {options.Stored:N0} runs, {StoredRuns.Versions:N0} versions, {storage}");
                turns.Add(name, await StartServersAsync(filled, nodes: 1), LoadStories.FivePath, filled.Directory.FullName, filled, "the empty database's");
            }

            rate = (await turns.MeasureAsync()).ElementAtOrDefault(options.Wants("bare") ? 1 : 0);
        }

        if (options.Wants("overload") && storage == "SQLite")
        {
            await new OverloadRun(this, options).MeasureAsync(storage, deployment, 4 * rate);
        }

        if (options.Wants("loops"))
        {
            await using var server = await StartServersAsync(deployment, nodes: 1);
            await LoopRun.MeasureAsync(storage, deployment, server.Processes[0].Address);
        }
    }

    /// <summary>Has a server take some events, whose last run is copied as often as is wanted.</summary>
    private async Task FillAsync(Deployment deployment)
    {
        await using (var server = await StartServersAsync(deployment, nodes: 1))
        {
            await MeasureAsync(server.Processes, LoadStories.FivePath, deployment.Directory.FullName, warmUp: 1, seconds: 1);
        }

        await StoredRuns.FillAsync(deployment, options.Stored);
    }

    private async Task MeasureOneAsync(string name, BareOrder order)
    {
        var directory = Directory.CreateTempSubdirectory("fedflow-load-");
        try
        {
            await using var turns = new Turns(this, options);
            turns.Add(name, await StartBareAsync(directory.FullName, order), "/", directory.FullName, deployment: null);
            await turns.MeasureAsync();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<StartedServers> StartBareAsync(string directory, BareOrder order) =>
        new([await MeasuredProcess.StartAsync(directory, program, BareServer.Name, JsonSerializer.Serialize(order))]);

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

    /// <returns>What the client saw, and what the servers computed each second.</returns>
    public async Task<(LoadResult Result, IReadOnlyList<string> Ids, TimeSpan Processor)> MeasureAsync(
        IReadOnlyList<MeasuredProcess> servers, string path, string directory, double warmUp, double seconds)
    {
        var sending = SendAsync(new LoadOrder
        {
            Servers = [.. servers.Select(process => process.Address)],
            Path = path,
            Connections = options.Connections,
            WarmUpSeconds = warmUp,
            Seconds = seconds,
            IdsFile = Path.Combine(directory, "ids"),
        });

        // The client is a program that has to start.
        await Task.Delay(TimeSpan.FromSeconds(warmUp + 0.3));
        var (began, before) = (Stopwatch.GetTimestamp(), Computed());
        await Task.Delay(TimeSpan.FromSeconds(seconds - 0.3));
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
