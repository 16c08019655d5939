using FederationWorkflows.Runtime;
using FederationWorkflows.Runtime.Protection;
using FederationWorkflows.Storage.PostgreSql;
using FederationWorkflows.Storage.Sqlite;
using Microsoft.AspNetCore.DataProtection;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Registers the storage that the configuration names.</summary>
internal static class ConfiguredStorage
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The configuration is wrong.</exception>
    public static IServiceCollection AddConfiguredStorage(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions();
        switch (options.EffectiveMode)
        {
            case StorageMode.Memory:
                // Sessions end with the process, as everything does.
                services.AddDataProtection().UseEphemeralDataProtectionProvider();
                return services.AddMemoryStorage();
            case StorageMode.PostgreSql when string.IsNullOrWhiteSpace(options.ConnectionString):
                throw new Microsoft.Extensions.Options.OptionsValidationException(
                    StorageOptions.Section, typeof(StorageOptions), ["Storage:ConnectionString is missing: PostgreSQL is wanted. Write it as Host=...;Database=...;Username=...;Password=..."]);
            case StorageMode.PostgreSql:
                services.AddPostgreSqlStorage(new PostgreSqlStorageOptions { ConnectionString = options.ConnectionString, Schema = options.Schema });
                break;
            default:
                services.AddSqliteStorage(new SqliteStorageOptions { Path = Path.Combine(Path.GetFullPath(options.DataDirectory), "federationworkflows.db") });
                break;
        }

        return services.AddKeyRing(options.KeyRing());
    }
}
