using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql;
using FederationWorkflows.Storage.PostgreSql.Tests;
using FederationWorkflows.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.EndToEnd.Processes;

/// <summary>A place where servers work: a directory with stories, the key, which lies apart from the data, and a database of its own.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private readonly Action<IServiceCollection> addStorage;

    private ServiceProvider? store;

    private Deployment(DirectoryInfo directory, Dictionary<string, string> settings, Action<IServiceCollection> addStorage)
    {
        Directory = directory;
        Settings = settings;
        settings["Http:Outbound:AllowLoopback"] = "true";
        settings["Storage:Key:File"] = Path.Combine(directory.FullName, "wrapping.key");
        File.WriteAllText(settings["Storage:Key:File"], Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(settings["Storage:Key:File"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        directory.CreateSubdirectory("stories");
        this.addStorage = addStorage;
    }

    public DirectoryInfo Directory { get; }

    /// <summary>The servers' configuration.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <summary>The stored runs, seen from outside the servers.</summary>
    public IRunStore Runs => (store ??= Open()).GetRequiredService<IRunStore>();

    /// <summary>Where SQLite keeps what it keeps.</summary>
    public string DataDirectory => Path.Combine(Directory.FullName, "data");

    public string DatabaseFile => Path.Combine(DataDirectory, "federationworkflows.db");

    public static Deployment OnSqlite()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("fedflow-e2e-");
        var data = Path.Combine(directory.FullName, "data");
        return new Deployment(
            directory,
            new() { ["Storage:Mode"] = "Sqlite", ["Storage:DataDirectory"] = data },
            services => services.AddSqliteStorage(new SqliteStorageOptions { Path = Path.Combine(data, "federationworkflows.db") }));
    }

    public static Deployment OnPostgreSql(PostgreSqlServer server)
    {
        var options = server.NewOptions();
        return new Deployment(
            System.IO.Directory.CreateTempSubdirectory("fedflow-e2e-"),
            new() { ["Storage:Mode"] = "PostgreSql", ["Storage:ConnectionString"] = options.ConnectionString!, ["Storage:Schema"] = options.Schema },
            services => services.AddPostgreSqlStorage(options));
    }

    /// <param name="program">The server's program, of another version for instance; null for this one's.</param>
    public ServerProcess Start(string? program = null) => ServerProcess.Start(Directory.FullName, Settings, program);

    public void AddStory(string id, params JsonObject[] activities) => AddStory(Of(id, activities, "event:Object"));

    public void AddStory(JsonObject story) =>
        File.WriteAllText(Path.Combine(Directory.FullName, "stories", $"{story["definitionId"]}.json"), story.ToJsonString());

    /// <summary>The story of the tests that break things: five activities after the webhook, two of which act outside, with a wait between them.</summary>
    public void AddEventStory(Uri recorder)
    {
        AddStory(
            "events",
            Starts("events", more: [("parsedContent", To("event"))]),
            Writes("note", Literal("An event came")),
            Calls("first", recorder),
            Activity("Elsa.Delay", "rest", ("timeSpan", Literal("00:00:00.3000000"))),
            Calls("second", recorder),
            Writes("end", Literal("The event is done")));
    }

    /// <summary>All stored runs.</summary>
    public async Task<IReadOnlyList<RunSummary>> ListRunsAsync(CancellationToken cancellationToken)
    {
        var all = new List<RunSummary>();
        RunCursor? after = null;
        while (true)
        {
            var page = await Runs.ListAsync(new RunQuery { Ascending = true, After = after, Take = 1000, CountTotal = false }, cancellationToken);
            if (page.Items.Count == 0)
            {
                return all;
            }

            all.AddRange(page.Items);
            after = RunCursor.Of(page.Items[^1]);
        }
    }

    /// <summary>Waits until no run is unfinished, for five minutes at most: that is enough for what a dead node leaves behind, on a machine with much else to do.</summary>
    /// <returns>All runs.</returns>
    public async Task<IReadOnlyList<RunSummary>> AtRestAsync(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var unfinished = await Runs.ListAsync(new RunQuery { Status = WorkflowStatus.Running, Take = 1 }, cancellationToken);
            if (unfinished.TotalCount == 0 || clock.Elapsed > TimeSpan.FromMinutes(5))
            {
                return await ListRunsAsync(cancellationToken);
            }

            await Task.Delay(200, cancellationToken);
        }
    }

    /// <summary>Lets go of the storage's files, until somebody asks for the runs again.</summary>
    public async ValueTask CloseAsync()
    {
        if (store is { } open)
        {
            store = null;
            await open.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(recursive: true);
    }

    private ServiceProvider Open()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        addStorage(services);
        return services.BuildServiceProvider();
    }

    private static JsonObject Calls(string step, Uri recorder) => Activity(
        "Elsa.SendHttpRequest", step, ("url", Literal(new Uri(recorder, step).ToString())), ("method", Literal("POST")), ("content", Variable("event")));
}
