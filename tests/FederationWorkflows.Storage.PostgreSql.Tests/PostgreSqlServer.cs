using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Tests;

/// <summary>
/// A PostgreSQL server of these tests alone, in a directory of its own, reached by a socket there. Each storage is a schema of its own.
/// Debian's programs are used; the server refuses to run as root, so root starts it as the user that its package made.
/// </summary>
public sealed partial class PostgreSqlServer
{
    private const string User = "fedflow";

    private static int schemas;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("fedflow-pg-");

    private readonly string programs = FindPrograms();

    private Process? server;

    /// <summary>A commit reaches the disk before it is answered. Tests of what is stored need not wait for that.</summary>
    public bool IsDurable { get; init; }

    public string ConnectionString => new NpgsqlConnectionStringBuilder { Host = directory.FullName, Username = User, Database = "postgres", Timeout = 5 }.ToString();

    private string Data => Path.Combine(directory.FullName, "data");

    public async ValueTask InitializeAsync()
    {
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", "postgres:postgres", directory.FullName);
        }

        await RunAsync([.. AsPostgres(Path.Combine(programs, "initdb")), "--pgdata", Data, "--username", User, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        directory.Delete(recursive: true);
    }

    /// <summary>Starts the server, and returns once it answers.</summary>
    public async Task StartAsync()
    {
        server = Start(
            [
                .. AsPostgres(Path.Combine(programs, "postgres")), "-D", Data, "-k", directory.FullName, "-c", "listen_addresses=", "-c", $"fsync={(IsDurable ? "on" : "off")}", "-c", "max_connections=200",
                "-c", "logging_collector=off", "-c", "log_min_messages=fatal",
            ]);
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException e) when (!server.HasExited && patience.Elapsed < TimeSpan.FromSeconds(30))
            {
                _ = e;
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Stops the server as a power cut would: what is not in its log is gone.</summary>
    public async Task StopAsync()
    {
        await RunAsync([.. AsPostgres(Path.Combine(programs, "pg_ctl")), "stop", "-D", Data, "-m", "immediate", "-w"]);
        await server!.WaitForExitAsync();
        server.Dispose();
    }

    /// <summary>Registers a storage in a schema that nobody uses.</summary>
    public ValueTask RegisterAsync(IServiceCollection services)
    {
        services.AddPostgreSqlStorage(NewOptions());
        return ValueTask.CompletedTask;
    }

    public PostgreSqlStorageOptions NewOptions() => new() { ConnectionString = ConnectionString, Schema = $"test_{Interlocked.Increment(ref schemas)}" };

    private static string FindPrograms() =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb")))
            .MaxBy(bin => int.TryParse(Path.GetFileName(Path.GetDirectoryName(bin)), out var version) ? version : 0)
        ?? throw new InvalidOperationException("These tests need a PostgreSQL server. Install it with: sudo apt-get install postgresql");

    private static string[] AsPostgres(string program) =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program] : [program];

    private static Process Start(params string[] command) =>
        Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = false, RedirectStandardError = false, WorkingDirectory = "/" })!;

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {errors} {await output}");
        }
    }
}
