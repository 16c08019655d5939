using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What every storage does. A storage's own test classes inherit the suites and say how to make one that is empty.</summary>
public abstract class StorageConformance : IAsyncLifetime
{
    private ServiceProvider services = null!;

    protected FakeTime Time { get; } = new();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Registers an empty storage as the server does.</summary>
    protected abstract ValueTask RegisterAsync(IServiceCollection services);

    public virtual async ValueTask InitializeAsync()
    {
        var collection = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(Time);
        await RegisterAsync(collection);
        services = collection.BuildServiceProvider(validateScopes: true);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await services.DisposeAsync();
    }

    protected T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    /// <summary>The lease with which the runs of these tests begin.</summary>
    private protected static Lease Mine() => new("me", 1, Noon.AddMinutes(1));
}
