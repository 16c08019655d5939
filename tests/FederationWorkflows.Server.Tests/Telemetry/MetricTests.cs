using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using FederationWorkflows.Federation;
using FederationWorkflows.Http.Outbound;
using FederationWorkflows.Runtime.Telemetry;
using FederationWorkflows.Server.Telemetry;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Telemetry;

/// <summary>What a collector gets to count, and what the operator's page says of it.</summary>
[Collection(TelemetryCollection.Name)]
public sealed partial class MetricTests
{
    [Fact]
    public async Task Runs_activities_commits_and_faults_are_counted()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using (var server = await ServerUnderTest.StartAsync(
            [Of("counted", [Starts("counted"), Writes("say", Literal("hello"))]), Of("broken", [Starts("broken"), Fails("no")])],
            new Dictionary<string, string?> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address, ["OTEL_SERVICE_NAME"] = "mine" }))
        {
            foreach (var (path, end) in new[] { ("counted", "Finished"), ("counted", "Finished"), ("broken", "Faulted") })
            {
                using var answer = await server.PostAsync($"/workflows/{path}");
                await server.RunAsync(answer.RunId(), end);
            }

            await server.StopAsync();
        }

        var points = collector.Points();
        Value(points, "fedflow.runs.started", ("fedflow.definition.id", "counted")).ShouldBe(2);
        Value(points, "fedflow.runs.ended", ("fedflow.definition.id", "counted"), ("fedflow.outcome", "finished")).ShouldBe(2);
        Value(points, "fedflow.runs.ended", ("fedflow.definition.id", "broken"), ("fedflow.outcome", "faulted")).ShouldBe(1);
        Value(points, "fedflow.activity.duration", ("fedflow.activity.type", "Elsa.WriteLine"), ("fedflow.outcome", "completed")).ShouldBe(2);
        Value(points, "fedflow.activity.faults", ("fedflow.activity.type", "Elsa.Fault")).ShouldBe(1);
        Value(points, "fedflow.commit.duration", ("fedflow.outcome", "stored")).ShouldBeGreaterThanOrEqualTo(3);
        points.ShouldContain(point => point.Name == "fedflow.runs.running");
        points.ShouldContain(point => point.Name == "fedflow.runs.queued");
        points.ShouldContain(point => point.Name == "http.server.request.duration" && point.Attributes["http.route"] == "/workflows/{**path}");
        points.ShouldContain(point => point.Name == "dotnet.gc.collections");
        collector.Resource()["service.name"].ShouldBe("mine");
    }

    [Fact]
    public async Task Nothing_listens_and_nothing_is_sent_unless_an_endpoint_is_configured()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using (var server = await ServerUnderTest.StartAsync(Of("quiet", [Starts("quiet")])))
        {
            using var answer = await server.PostAsync("/workflows/quiet");
            await server.RunAsync(answer.RunId(), "Finished");
            Published().Where(instrument => instrument.Enabled).ShouldBeEmpty();
            using var likeOurs = new ActivitySource("FederationWorkflows.Runtime");
            likeOurs.HasListeners().ShouldBeFalse();
            await server.StopAsync();
        }

        collector.Requests.ShouldBeEmpty();
    }

    /// <summary>Whoever adds a measure writes on the page what it means.</summary>
    [Fact]
    public async Task Every_measure_and_attribute_of_ours_is_on_the_operators_page()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "telemetry.md"), TestContext.Current.CancellationToken);
        var described = Code().Matches(page).Select(match => match.Groups[1].Value).ToHashSet();
        await using var server = await ServerUnderTest.StartAsync();
        var ours = Published();
        ours.Select(instrument => instrument.Meter.Name).Distinct().ShouldBe(TelemetryExport.Meters.Where(name => name.StartsWith("FederationWorkflows.", StringComparison.Ordinal)), ignoreOrder: true);
        ours.Select(instrument => instrument.Name).Where(name => !described.Contains(name)).ShouldBeEmpty();
        TelemetryExport.Meters.Where(name => !described.Contains(name)).ShouldBeEmpty();
        ours.ShouldAllBe(instrument => !string.IsNullOrEmpty(instrument.Description) && !string.IsNullOrEmpty(instrument.Unit));

        var inCode = Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Attribute().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct();
        inCode.Where(name => !described.Contains(name)).ShouldBeEmpty();
    }

    /// <summary>All of our instruments there are in the process.</summary>
    private static Instrument[] Published()
    {
        RuntimeHelpers.RunClassConstructor(typeof(RuntimeMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(StorageMeter).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(OutboundTelemetry).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(FederationWorkflows.Server.Webhooks.Callers.CallerVerification).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(FederationHttpClients).Assembly.GetType("FederationWorkflows.Federation.CloudTelemetry", throwOnError: true)!.TypeHandle);
        var published = new ConcurrentQueue<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) => published.Enqueue(instrument);
        listener.Start();
        return [.. published.Where(instrument => instrument.Meter.Name.StartsWith("FederationWorkflows.", StringComparison.Ordinal))];
    }

    private static double Value(IReadOnlyList<ReceivedPoint> points, string name, params (string Key, string Value)[] attributes) =>
        points.Last(point => point.Name == name && attributes.All(wanted => point.Attributes.GetValueOrDefault(wanted.Key) == wanted.Value)).Value;

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FederationWorkflows.sln")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar)) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("\"(fedflow\\.[a-z_.]+)\"")]
    private static partial Regex Attribute();
}
