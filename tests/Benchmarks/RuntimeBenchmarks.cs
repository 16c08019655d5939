using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Security.Claims;
using System.Text;
using BenchmarkDotNet.Attributes;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Benchmarks;

/// <summary>What a run of five activities costs in the runtime over storage in memory, from start to end, and what it costs more when somebody listens.</summary>
[MemoryDiagnoser]
public class RuntimeBenchmarks
{
    private static readonly ClaimsPrincipal Caller = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "bench")], "bench"));

    private ServiceProvider services = null!;

    private WorkflowRuntime runtime = null!;

    private IDisposable? listening;

    /// <summary>Who listens.</summary>
    [Params("nobody", "metrics", "traces")]
    public string Listening { get; set; } = "nobody";

    [GlobalSetup]
    public async Task Setup()
    {
        services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning))
            .AddSingleton<IActivityProvider>(new TypedActivityProvider(typeof(NoOp)))
            .AddMemoryStorage()
            .AddWorkflowRuntime()
            .BuildServiceProvider();
        await services.GetRequiredService<ActivityRegistry>().RefreshAsync();
        var activities = string.Join(",", Enumerable.Range(0, 5).Select(i => """{"type":"Bench.NoOp","id":"a#","version":1}""".Replace("#", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
        var story = """{"definitionId":"five","name":"five","version":1,"root":{"type":"Elsa.Sequence","id":"s","version":1,"activities":[ALL]}}""".Replace("ALL", activities, StringComparison.Ordinal);
        await services.GetRequiredService<DefinitionCatalog>().PublishAsync(Encoding.UTF8.GetBytes(story), Caller, CancellationToken.None);
        runtime = services.GetRequiredService<WorkflowRuntime>();
        listening = Listening switch
        {
            "metrics" => Metrics(),
            "traces" => Traces(),
            _ => null,
        };
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        listening?.Dispose();
        services.Dispose();
    }

    [Benchmark(Description = "run of 5, in memory")]
    public async Task<WorkflowSubStatus> RunOf5()
    {
        var handle = await runtime.StartAsync(new StartRequest("five"), Caller, CancellationToken.None);
        return (await handle.Rest).Summary.SubStatus;
    }

    private static MeterListener Metrics()
    {
        var listener = new MeterListener { InstrumentPublished = (instrument, own) => own.EnableMeasurementEvents(instrument) };
        listener.Start();
        return listener;
    }

    private static ActivityListener Traces()
    {
        var listener = new ActivityListener { ShouldListenTo = _ => true, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
