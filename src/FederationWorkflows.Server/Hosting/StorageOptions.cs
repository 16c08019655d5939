using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Runtime.Protection;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Where definitions and runs are kept.</summary>
public enum StorageMode
{
    /// <summary>In an SQLite file, for one machine.</summary>
    Sqlite,

    /// <summary>In a PostgreSQL database, which several nodes share.</summary>
    PostgreSql,

    /// <summary>In memory: nothing survives the process.</summary>
    Memory,
}

/// <summary>How definitions and runs are kept: configuration section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Storage";

    /// <summary>The environment variable that holds the wrapping key when nothing else is configured.</summary>
    public const string DefaultKeyVariable = "FEDERATIONWORKFLOWS_KEY";

    /// <summary>Where; null for PostgreSQL when there is a connection string, else SQLite.</summary>
    public StorageMode? Mode { get; set; }

    /// <summary>The directory of the SQLite file and the wrapped key ring, relative to the working directory.</summary>
    [Required]
    public string DataDirectory { get; set; } = "data";

    /// <summary>The connection string of PostgreSQL, as Npgsql reads it.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The schema of PostgreSQL that holds the tables.</summary>
    [Required]
    public string Schema { get; set; } = "federationworkflows";

    /// <summary>The key that wraps the key ring.</summary>
    public KeySourceOptions Key { get; set; } = new();

    /// <summary>Keys that wrapped it before.</summary>
    public IList<KeySourceOptions> PreviousKeys { get; } = [];

    internal StorageMode EffectiveMode => Mode ?? (string.IsNullOrEmpty(ConnectionString) ? StorageMode.Sqlite : StorageMode.PostgreSql);

    /// <exception cref="KeyRingException">The wrapping key would lie beside the data.</exception>
    internal KeyRingOptions KeyRing() => new()
    {
        Directory = EffectiveMode == StorageMode.Sqlite ? Path.Combine(Path.GetFullPath(DataDirectory), "keys") : null,
        Key = Key.Source ?? DefaultKey(),
        PreviousKeys = [.. PreviousKeys.Select(key => key.Source).OfType<WrappingKeySource>()],
    };

    /// <summary>A single machine makes its own key, away from the data: who copies the data directory has nothing.</summary>
    private WrappingKeySource DefaultKey() => Environment.GetEnvironmentVariable(DefaultKeyVariable) is not null || EffectiveMode == StorageMode.PostgreSql
        ? WrappingKeySource.FromVariable(DefaultKeyVariable)
        : WrappingKeySource.FromFile(
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "federationworkflows", "wrapping.key"),
            createIfMissing: true);
}

/// <summary>Where a key comes from: one of the three.</summary>
public sealed class KeySourceOptions
{
    /// <summary>An environment variable.</summary>
    public string? Variable { get; set; }

    /// <summary>A file.</summary>
    public string? File { get; set; }

    /// <summary>A program and its arguments; what it prints is the key.</summary>
    public IList<string> Command { get; } = [];

    internal WrappingKeySource? Source =>
        !string.IsNullOrEmpty(Variable) ? WrappingKeySource.FromVariable(Variable)
        : !string.IsNullOrEmpty(File) ? WrappingKeySource.FromFile(File)
        : Command.Count > 0 ? WrappingKeySource.FromCommand(Command[0], [.. Command.Skip(1)])
        : null;
}
