using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Logs for people in a terminal, and as JSON lines everywhere else.</summary>
internal static class ServerLogging
{
    private const string ForPeople = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static void AddServerLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Services.AddLogging(logging => logging.AddSerilog(Create(builder.Configuration), dispose: true));
    }

    private static Serilog.Core.Logger Create(IConfiguration configuration)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
            .Enrich.FromLogContext()
            .ReadFrom.Configuration(configuration);
        logger = Console.IsOutputRedirected
            ? logger.WriteTo.Console(new JsonFormatter(renderMessage: true))
            : logger.WriteTo.Console(outputTemplate: ForPeople, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        return logger.CreateLogger();
    }
}
