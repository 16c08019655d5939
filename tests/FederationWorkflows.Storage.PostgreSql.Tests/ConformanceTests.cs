using FederationWorkflows.Runtime.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Storage.PostgreSql.Tests;

public sealed class PostgreSqlRunStoreTests(PostgreSqlServer server) : RunStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}

public sealed class PostgreSqlRunListTests(PostgreSqlServer server) : RunListConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}

public sealed class PostgreSqlClusterTests(PostgreSqlServer server) : ClusterConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}

public sealed class PostgreSqlDefinitionStoreTests(PostgreSqlServer server) : DefinitionStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}

public sealed class PostgreSqlDocumentStoreTests(PostgreSqlServer server) : DocumentStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}

public sealed class PostgreSqlAuditStoreTests(PostgreSqlServer server) : AuditStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => server.RegisterAsync(services);
}
