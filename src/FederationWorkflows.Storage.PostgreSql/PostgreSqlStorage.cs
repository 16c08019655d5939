using System.Data.Common;
using FederationWorkflows.Runtime.Protection;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using FederationWorkflows.Storage.PostgreSql.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Registers storage in a PostgreSQL database.</summary>
public static class PostgreSqlStorage
{
    /// <summary>
    /// Keeps definitions and runs in a PostgreSQL database (14 or newer), which several nodes may share. Its schema is created and migrated when
    /// the host starts or at its first use. Call it before <c>AddWorkflowRuntime</c>. Also registers the <see cref="NpgsqlDataSource"/>.
    /// The nodes' clocks must agree to about a second, since leases and timers are told in UTC by whoever sets them.
    /// </summary>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static IServiceCollection AddPostgreSqlStorage(this IServiceCollection services, PostgreSqlStorageOptions options)
    {
        var connection = Complete(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<InProcessSignals>();
        services.TryAddSingleton(options);
        services.TryAddSingleton(provider => new NpgsqlDataSourceBuilder(connection).UseLoggerFactory(provider.GetRequiredService<ILoggerFactory>()).Build());
        services.TryAddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());
        services.TryAddSingleton<PostgreSqlSignals>();
        services.TryAddSingleton<PostgreSqlDatabase>();
        services.TryAddSingleton<IRunStore, PostgreSqlRunStore>();
        services.TryAddSingleton<IDefinitionStore, PostgreSqlDefinitionStore>();
        services.TryAddSingleton<IFollowUpStore, PostgreSqlFollowUpStore>();
        services.TryAddSingleton<IScheduleStore, PostgreSqlScheduleStore>();
        services.TryAddSingleton<INodeStore, PostgreSqlNodeStore>();
        services.TryAddSingleton<IDocumentStore, PostgreSqlDocumentStore>();
        services.TryAddSingleton<IAuditStore, PostgreSqlAuditStore>();
        services.TryAddSingleton<IStoreSignals>(provider => provider.GetRequiredService<PostgreSqlSignals>());
        services.TryAddSingleton<ISharedKeyRepository, PostgreSqlKeyRepository>();
        services.AddHostedService<Opening>();
        return services;
    }

    /// <summary>What the connection string leaves open.</summary>
    private static string Complete(PostgreSqlStorageOptions options)
    {
        var given = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var complete = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = options.Schema,
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,

            // Nothing here leaves anything behind in a session.
            NoResetOnClose = true,
            ApplicationName = given.ApplicationName ?? "federationworkflows",
        };

        // Several nodes share the server's connections, 100 by default.
        complete.MaxPoolSize = IsGiven("Maximum Pool Size") ? given.MaxPoolSize : 20;

        // A server that vanished without a word is noticed by the connection that only listens.
        complete.KeepAlive = IsGiven("Keepalive") ? given.KeepAlive : 10;
        return complete.ToString();

        bool IsGiven(string keyword) => given.Keys.Cast<string>().Contains(keyword, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What is wrong with the database stops the start, and not the first run.</summary>
    private sealed class Opening(PostgreSqlDatabase database) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) => await database.OpenAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
