using FederationWorkflows.Runtime.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Storage.Sqlite.Tests;

public sealed class SqliteRunStoreTests : RunStoreConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

public sealed class SqliteRunListTests : RunListConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

public sealed class SqliteClusterTests : ClusterConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

public sealed class SqliteDefinitionStoreTests : DefinitionStoreConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

public sealed class SqliteDocumentStoreTests : DocumentStoreConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

public sealed class SqliteAuditStoreTests : AuditStoreConformance
{
    private readonly TestFile file = new();

    protected override ValueTask RegisterAsync(IServiceCollection services) => file.RegisterAsync(services);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}
