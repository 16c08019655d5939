using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Logs for people in a terminal, and as JSON lines everywhere else.</summary>
internal static class ServerLogging
{
    private const string ForPeople = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static void AddServerLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();

        // Made late: whoever hosts the server may still change its configuration.
        builder.Services.AddSingleton<ILoggerProvider>(services => new SerilogLoggerProvider(Create(services.GetRequiredService<IConfiguration>()), dispose: true));
    }

    private static Logger Create(IConfiguration configuration)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)

            // It would tell of every statement, with its text.
            .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFailureToStart)
            .Enrich.FromLogContext()
            .ReadFrom.Configuration(configuration);

        // A terminal gets its colours from the console's own sink; everything else can be much.
        logger = Console.IsOutputRedirected
            ? logger.WriteTo.Sink(LogLines.ToStandardOutput(new JsonFormatter(renderMessage: true)))
            : logger.Enrich.With<PlainText>().WriteTo.Console(outputTemplate: ForPeople, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        return logger.CreateLogger();
    }

    /// <summary>Whoever starts the server gets the exception and says in one line what is wrong; the host would log its stack trace besides.</summary>
    private static bool IsFailureToStart(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue("EventId", out var id) && id is StructureValue { Properties: var parts }
        && parts.Any(part => part is { Name: "Name", Value: ScalarValue { Value: "HostedServiceStartupFaulted" } });

    /// <summary>What strangers send must not move the terminal's cursor or look like a line of the log; the JSON formatter escapes by itself.</summary>
    internal sealed class PlainText : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            foreach (var (name, value) in logEvent.Properties.ToArray())
            {
                if (value is ScalarValue { Value: string text } && text.Any(char.IsControl))
                {
                    var plain = string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
                    logEvent.AddOrUpdateProperty(new LogEventProperty(name, new ScalarValue(plain)));
                }
            }
        }
    }
}
