using FederationWorkflows.Server.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;

namespace FederationWorkflows.Server.Tests.Telemetry;

public sealed class TelemetrySettingsTests
{
    [Fact]
    public void Own_settings_come_before_the_common_variables()
    {
        var settings = Read(
            ("Telemetry:Endpoint", "https://collector.example:4318/otlp/"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"), ("Telemetry:MetricInterval", "00:00:10")).ShouldNotBeNull();

        settings.EndpointOf("traces").ShouldBe(new Uri("https://collector.example:4318/otlp/v1/traces"));
        settings.Headers!.Reveal().ShouldBe("api-key=secret");
        settings.ToString().ShouldNotContain("secret");
        (settings.SampleRatio, settings.MetricInterval).ShouldBe((1, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Over_gRPC_the_endpoint_is_the_collectors_own()
    {
        var settings = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")).ShouldNotBeNull();

        (settings.Protocol, settings.EndpointOf("metrics")).ShouldBe((OtlpExportProtocol.Grpc, new Uri("http://127.0.0.1:4317")));
    }

    [Fact]
    public void Without_an_endpoint_there_is_nothing() => Read(("Telemetry:SampleRatio", "nonsense")).ShouldBeNull();

    [Theory]
    [InlineData("Telemetry:Endpoint", "collector:4318", "Telemetry:Endpoint must be the collector's URL, such as http://127.0.0.1:4318, without user, query or the signal's path; keys belong into Telemetry:Headers.")]
    [InlineData("Telemetry:Endpoint", "https://key@collector.example", "Telemetry:Endpoint must be the collector's URL, such as http://127.0.0.1:4318, without user, query or the signal's path; keys belong into Telemetry:Headers.")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc.")]
    [InlineData("Telemetry:Headers", "secret-without-a-name", "Telemetry:Headers must be name=value, several of them with commas between.")]
    [InlineData("Telemetry:SampleRatio", "1.5", "Telemetry:SampleRatio must be a number from 0 to 1.")]
    [InlineData("Telemetry:SampleRatio", "NaN", "Telemetry:SampleRatio must be a number from 0 to 1.")]
    [InlineData("Telemetry:MetricInterval", "00:00:00", "Telemetry:MetricInterval must be from 00:00:01 to 01:00:00.")]
    public void A_wrong_setting_is_named(string name, string value, string problem) =>
        Should.Throw<OptionsValidationException>(() => Read(("Telemetry:Endpoint", "http://127.0.0.1:4318"), (name, value))).Failures.ShouldBe([problem]);

    private static TelemetrySettings? Read(params (string Name, string Value)[] settings) => TelemetrySettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.GroupBy(setting => setting.Name).Select(same => KeyValuePair.Create<string, string?>(same.Key, same.Last().Value))).Build());
}
