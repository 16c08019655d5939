using System.Collections.Frozen;

namespace FederationWorkflows.Engine.Descriptors;

/// <summary>All activity types of the process. Readers take an immutable snapshot; a refresh swaps it.</summary>
public sealed class ActivityRegistry
{
    private readonly IReadOnlyList<IActivityProvider> providers;

    private ActivityCatalog current = ActivityCatalog.Empty;

    /// <summary>A registry over the given sources; empty until the first <see cref="RefreshAsync"/>.</summary>
    public ActivityRegistry(IEnumerable<IActivityProvider> providers)
    {
        this.providers = [.. providers];
    }

    /// <summary>The types as of the last refresh.</summary>
    public ActivityCatalog Current => Volatile.Read(ref current);

    /// <summary>Asks every source again.</summary>
    /// <exception cref="InvalidOperationException">Two sources have the same type and version.</exception>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default)
    {
        var all = new List<ActivityDescriptor>();
        foreach (var provider in providers)
        {
            all.AddRange(await provider.GetDescriptorsAsync(cancellationToken));
        }

        Volatile.Write(ref current, new ActivityCatalog(all));
    }
}

/// <summary>An immutable set of activity types.</summary>
public sealed class ActivityCatalog
{
    private readonly FrozenDictionary<(string Type, int Version), ActivityDescriptor> byVersion;

    private readonly FrozenDictionary<string, ActivityDescriptor> latest;

    internal static readonly ActivityCatalog Empty = new([]);

    /// <summary>Indexes the types.</summary>
    /// <exception cref="InvalidOperationException">A type and version occurs twice.</exception>
    public ActivityCatalog(IReadOnlyCollection<ActivityDescriptor> descriptors)
    {
        var twice = descriptors.GroupBy(d => (d.TypeName, d.Version)).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            throw new InvalidOperationException($"The activity type '{twice.Key.TypeName}' version {twice.Key.Version} is registered twice. Give one of them another [Activity] type or version.");
        }

        byVersion = descriptors.ToFrozenDictionary(d => (d.TypeName, d.Version));
        latest = descriptors.GroupBy(d => d.TypeName).ToFrozenDictionary(group => group.Key, group => group.MaxBy(d => d.Version)!);
        All = [.. descriptors.OrderBy(d => d.TypeName, StringComparer.Ordinal).ThenBy(d => d.Version)];
    }

    /// <summary>All types, by name.</summary>
    public IReadOnlyList<ActivityDescriptor> All { get; }

    /// <summary>A type in the given version, the latest when null; null when there is none.</summary>
    public ActivityDescriptor? Find(string typeName, int? version = null) =>
        version is { } exact ? byVersion.GetValueOrDefault((typeName, exact)) : latest.GetValueOrDefault(typeName);
}
