using System.Globalization;
using FederationWorkflows.Engine;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;

namespace FederationWorkflows.Server.Telemetry;

/// <summary>
/// Where traces and metrics go: configuration section <c>Telemetry</c>, or OpenTelemetry's own variables where that says nothing (OpenTelemetry Protocol
/// Exporter specification).
/// </summary>
internal sealed record TelemetrySettings
{
    public const string Section = "Telemetry";

    /// <summary>The collector, without a path for the signal.</summary>
    public required Uri Endpoint { get; init; }

    public OtlpExportProtocol Protocol { get; init; } = OtlpExportProtocol.HttpProtobuf;

    /// <summary>Sent with each export, as <c>name=value,name=value</c>: often a key of the backend.</summary>
    public Sensitive<string>? Headers { get; init; }

    /// <summary>Which share of runs and requests is traced, from 0 to 1. Metrics count all.</summary>
    public double SampleRatio { get; init; } = 1;

    /// <summary>How often metrics are sent.</summary>
    public TimeSpan MetricInterval { get; init; } = TimeSpan.FromSeconds(60);

    public string ServiceName { get; init; } = "federation-workflows";

    /// <summary>Reads the settings; null when there is no endpoint, which means that nothing is told to anybody.</summary>
    /// <exception cref="OptionsValidationException">Some settings are wrong; all of them are named.</exception>
    public static TelemetrySettings? Read(IConfiguration configuration)
    {
        var (endpointName, endpoint) = Find(configuration, "Endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT");
        if (endpoint is null)
        {
            return null;
        }

        var problems = new List<string>();
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Query.Length > 0)
        {
            problems.Add($"{endpointName} must be the collector's URL, such as http://127.0.0.1:4318, without user, query or the signal's path; keys belong into {Section}:Headers.");
        }

        var (protocolName, protocol) = Find(configuration, "Protocol", "OTEL_EXPORTER_OTLP_PROTOCOL");
        if (protocol is not (null or "http/protobuf" or "grpc"))
        {
            problems.Add($"{protocolName} must be http/protobuf or grpc.");
        }

        var (headersName, headers) = Find(configuration, "Headers", "OTEL_EXPORTER_OTLP_HEADERS");
        if (headers is not null && !headers.Split(',').All(header => header.IndexOf('=', StringComparison.Ordinal) > 0))
        {
            problems.Add($"{headersName} must be name=value, several of them with commas between.");
        }

        var (ratioName, ratioText) = Find(configuration, "SampleRatio", null);
        if (!double.TryParse(ratioText ?? "1", NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) || !(ratio is >= 0 and <= 1))
        {
            problems.Add($"{ratioName} must be a number from 0 to 1.");
        }

        var (intervalName, intervalText) = Find(configuration, "MetricInterval", null);
        if (!TimeSpan.TryParse(intervalText ?? "00:01:00", CultureInfo.InvariantCulture, out var interval) || interval < TimeSpan.FromSeconds(1) || interval > TimeSpan.FromHours(1))
        {
            problems.Add($"{intervalName} must be from 00:00:01 to 01:00:00.");
        }

        return problems.Count > 0 ? throw new OptionsValidationException(Section, typeof(TelemetrySettings), problems) : new TelemetrySettings
        {
            Endpoint = url!,
            Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
            Headers = headers is null ? null : Sensitive.Of(headers),
            SampleRatio = ratio,
            MetricInterval = interval,
            ServiceName = Find(configuration, "ServiceName", "OTEL_SERVICE_NAME").Value ?? "federation-workflows",
        };
    }

    /// <summary>Where one signal goes: over HTTP each has a path of its own, over gRPC a service.</summary>
    public Uri EndpointOf(string signal) => Protocol == OtlpExportProtocol.Grpc ? Endpoint : new Uri($"{Endpoint.AbsoluteUri.TrimEnd('/')}/v1/{signal}");

    private static (string Name, string? Value) Find(IConfiguration configuration, string setting, string? variable)
    {
        var own = configuration[$"{Section}:{setting}"];
        var common = variable is null ? null : configuration[variable];
        return string.IsNullOrWhiteSpace(own) && !string.IsNullOrWhiteSpace(common) ? (variable!, common.Trim()) : ($"{Section}:{setting}", string.IsNullOrWhiteSpace(own) ? null : own.Trim());
    }
}
