using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Storage.Sqlite.Tests;

/// <summary>A database file of its own in a directory of its own.</summary>
internal sealed class TestFile : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("fedflow-sqlite-");

    public string Path => System.IO.Path.Combine(directory.FullName, "data", "runs.db");

    public ValueTask RegisterAsync(IServiceCollection services)
    {
        services.AddSqliteStorage(new SqliteStorageOptions { Path = Path });
        return ValueTask.CompletedTask;
    }

    public void Dispose() => directory.Delete(recursive: true);
}
