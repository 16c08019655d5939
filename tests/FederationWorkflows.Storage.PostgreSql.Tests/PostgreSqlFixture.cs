using FederationWorkflows.Storage.PostgreSql.Tests;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]

namespace FederationWorkflows.Storage.PostgreSql.Tests;

/// <content>One server for all tests of an assembly.</content>
public sealed partial class PostgreSqlServer : IAsyncLifetime;
