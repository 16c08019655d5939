using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Server.Tests;

/// <summary>What the log tells by itself.</summary>
public sealed class LogLevelTests
{
    [Theory]
    [InlineData("FederationWorkflows.Server.Hosting.RequestLog", LogLevel.Information)]
    [InlineData("Npgsql.Command", LogLevel.Warning)]
    [InlineData("Npgsql.Connection", LogLevel.Warning)]
    [InlineData("Microsoft.AspNetCore.Routing", LogLevel.Warning)]
    public async Task It_tells_of_requests_and_not_of_each_statement_that_the_database_executes(string category, LogLevel lowest)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddServerLogging();
        await using var app = builder.Build();

        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

        (logger.IsEnabled(lowest), logger.IsEnabled(lowest - 1)).ShouldBe((true, false));
    }
}
