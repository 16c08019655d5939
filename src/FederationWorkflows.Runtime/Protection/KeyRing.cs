using FederationWorkflows.Engine.State;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Protection;

/// <summary>Registers the protection of sensitive values in what is stored.</summary>
public static class KeyRing
{
    /// <summary>
    /// Encrypts sensitive values with ASP.NET Core Data Protection. Its key ring is kept with the data and is wrapped with a key that is not.
    /// What is wrong with either stops the start of the host.
    /// </summary>
    /// <exception cref="KeyRingException">The wrapping key is to lie beside the data.</exception>
    public static IServiceCollection AddKeyRing(this IServiceCollection services, KeyRingOptions options)
    {
        options.Check();
        services.AddDataProtection().SetApplicationName("FederationWorkflows");
        services.AddSingleton(options);
        services.AddSingleton<WrappingKeys>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(management =>
        {
            management.XmlEncryptor = provider.GetRequiredService<WrappingKeys>();
            management.XmlRepository = options.Directory is { } directory
                ? new FileSystemXmlRepository(PrivateDirectory(directory), provider.GetRequiredService<ILoggerFactory>())
                : provider.GetService<ISharedKeyRepository>() ?? throw new KeyRingException("The storage keeps no key ring. Name a directory for it.");
        }));
        services.AddSingleton<DataProtectionProtector>();
        services.Replace(ServiceDescriptor.Singleton<ISensitiveValueProtector>(provider => provider.GetRequiredService<DataProtectionProtector>()));

        // Before Data Protection's own look at the ring, which would go on with a new key where the stored ones cannot be unwrapped.
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, Opening>());
        return services;
    }

    private static DirectoryInfo PrivateDirectory(string path) => OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(path)
        : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private sealed class Opening(DataProtectionProtector protector) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            protector.Open();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>How sensitive values are protected.</summary>
public sealed record KeyRingOptions
{
    /// <summary>Where the wrapped key ring is kept, e.g. in the data directory; null to keep it in the database, for several nodes.</summary>
    public string? Directory { get; init; }

    /// <summary>The key that wraps new keys of the ring.</summary>
    public required WrappingKeySource Key { get; init; }

    /// <summary>Keys that wrapped those of the ring before. They are needed as long as values exist that were stored then.</summary>
    public IReadOnlyList<WrappingKeySource> PreviousKeys { get; init; } = [];

    internal void Check()
    {
        if (Directory is null)
        {
            return;
        }

        // Who copies the data directory must not get the key with it.
        var data = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Directory))) ?? "";
        foreach (var file in PreviousKeys.Prepend(Key).Select(source => source.FilePath).OfType<string>())
        {
            if (IsInside(file, Directory) || (data.Length > 1 && Path.GetDirectoryName(file) == data))
            {
                throw new KeyRingException($"The key file {file} lies beside the data it protects. Put it into a directory of its own that is not backed up with the data.");
            }
        }
    }

    private static bool IsInside(string file, string directory) =>
        file.StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}

/// <summary>A key ring that several nodes share.</summary>
public interface ISharedKeyRepository : IXmlRepository
{
    /// <summary>Does what one node at a time may do: of nodes that start together over an empty ring, one makes its first key.</summary>
    void Exclusively(Action work);
}
