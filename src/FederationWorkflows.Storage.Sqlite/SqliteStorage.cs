using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;
using FederationWorkflows.Storage.Sqlite.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Registers storage in an SQLite file.</summary>
public static class SqliteStorage
{
    /// <summary>
    /// Keeps definitions and runs in an SQLite file, which is created and migrated when the host starts or at its first use. One process at a time uses it.
    /// Call it before <c>AddWorkflowRuntime</c>, so that the file is open before anything runs.
    /// </summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, SqliteStorageOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<InProcessSignals>();
        services.TryAddSingleton(options);
        services.TryAddSingleton<SqliteDatabase>();
        services.TryAddSingleton<IRunStore, SqliteRunStore>();
        services.TryAddSingleton<IDefinitionStore, SqliteDefinitionStore>();
        services.TryAddSingleton<IFollowUpStore, SqliteFollowUpStore>();
        services.TryAddSingleton<IScheduleStore, SqliteScheduleStore>();
        services.TryAddSingleton<INodeStore, SqliteNodeStore>();
        services.TryAddSingleton<IDocumentStore, SqliteDocumentStore>();
        services.TryAddSingleton<IAuditStore, SqliteAuditStore>();
        services.TryAddSingleton<IStoreSignals>(provider => provider.GetRequiredService<InProcessSignals>());
        services.AddHostedService<Opening>();
        return services;
    }

    /// <summary>What is wrong with the file stops the start, and not the first run.</summary>
    private sealed class Opening(SqliteDatabase database) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            database.Open();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Where the file is.</summary>
public sealed record SqliteStorageOptions
{
    /// <summary>The database file. It is created, with its directory, for the server's user alone; beside it SQLite keeps a -wal and a -shm file.</summary>
    public required string Path { get; init; }
}
