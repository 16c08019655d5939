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

    /// <summary>File and log as they are at this moment.</summary>
    /// <returns>Where the copy is.</returns>
    public string Copy()
    {
        var copy = System.IO.Path.Combine(directory.CreateSubdirectory("copy").FullName, "runs.db");
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(Path + suffix, copy + suffix);
        }

        return copy;
    }

    public void Dispose() => directory.Delete(recursive: true);
}
