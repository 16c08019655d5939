using FederationWorkflows.Runtime.Telemetry;
using FederationWorkflows.Server.Webhooks.Callers;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>Sends traces and metrics to a collector (OTLP) from the start of the server to its end, when what is left is sent.</summary>
internal sealed class TelemetryExport(TelemetrySettings settings, ILogger<TelemetryExport> logger) : IHostedService, IDisposable
{
    private const int Timeout = 5_000;

    /// <summary>Everything that this product measures, and what the framework says of itself.</summary>
    internal static readonly string[] Meters =
    [
        RuntimeMeter.Name, StorageMeter.Name, "FederationWorkflows.Http", "FederationWorkflows.Federation", CallerVerification.MeterName,
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime",
    ];

    private TracerProvider? traces;

    private MeterProvider? metrics;

    private ExportFailures? failures;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        failures = new ExportFailures(settings.Endpoint, logger);
        var version = typeof(TelemetryExport).Assembly.GetName().Version?.ToString(3);
        var resource = ResourceBuilder.CreateEmpty().AddService(settings.ServiceName, serviceVersion: version).AddTelemetrySdk().AddEnvironmentVariableDetector();
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .SetSampler(new TraceRatioSampler(settings.SampleRatio))
            .AddSource("FederationWorkflows.Runtime", "FederationWorkflows.Http", "Microsoft.AspNetCore")
            .AddOtlpExporter(exporter => Configure(exporter, "traces"))
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(Meters)
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)settings.MetricInterval.TotalMilliseconds;
                reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = Timeout;
            })
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>It was registered first, so it is stopped last: the runs' last spans have ended.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            traces?.Shutdown(Timeout);
            metrics?.Shutdown(Timeout);
        },
        cancellationToken);

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
        failures?.Dispose();
    }

    private void Configure(OtlpExporterOptions exporter, string signal)
    {
        exporter.Protocol = settings.Protocol;
        exporter.Endpoint = settings.EndpointOf(signal);
        exporter.Headers = settings.Headers?.Reveal();
        exporter.TimeoutMilliseconds = Timeout;
    }
}
