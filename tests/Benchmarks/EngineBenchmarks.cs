using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Benchmarks;

/// <summary>
/// What one activity costs in the engine alone: figures are per activity execution (OperationsPerInvoke). The journal is collected, nothing is stored.
/// </summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    private RunEnvironment environment = null!;

    private ExecutableWorkflow ten = null!;

    private ExecutableWorkflow hundred = null!;

    private ExecutableWorkflow loop = null!;

    [GlobalSetup]
    public void Setup()
    {
        var registry = new ActivityRegistry([TypedActivityProvider.FromAssemblyOf<Activity>(), new TypedActivityProvider(typeof(NoOp))]);
        registry.RefreshAsync().AsTask().GetAwaiter().GetResult();
        var compiler = new WorkflowCompiler(registry, [], new ExpressionHost());
        environment = new RunEnvironment
        {
            Services = new ServiceCollection().BuildServiceProvider(),
            Codec = new StateCodec(new EphemeralProtector(), StateCodec.TypesOf(registry.Current)),
        };
        ten = compiler.Compile(Encoding.UTF8.GetBytes(Chain(10))).Require();
        hundred = compiler.Compile(Encoding.UTF8.GetBytes(Chain(100))).Require();
        loop = compiler.Compile(Encoding.UTF8.GetBytes(Loop(1000))).Require();
    }

    [Benchmark(OperationsPerInvoke = 10, Description = "flowchart of 10")]
    public WorkflowSubStatus FlowchartOf10() => Run(ten);

    [Benchmark(OperationsPerInvoke = 100, Description = "flowchart of 100")]
    public WorkflowSubStatus FlowchartOf100() => Run(hundred);

    [Benchmark(OperationsPerInvoke = 1000, Description = "loop of 1000")]
    public WorkflowSubStatus LoopOf1000() => Run(loop);

    private WorkflowSubStatus Run(ExecutableWorkflow workflow)
    {
        using var run = WorkflowRun.Create(workflow, new RunStart { RunId = "run" }, environment);
        while (run.Advance() != RunStep.Finished)
        {
            run.DiscardCommit();
        }

        return run.SubStatus;
    }

    private static string Chain(int length)
    {
        var activities = string.Join(",", Enumerable.Range(0, length).Select(i => Fill("""{"type":"Bench.NoOp","id":"a#","version":1}""", i)));
        var connections = string.Join(",", Enumerable.Range(0, length - 1).Select(i => Fill("""{"source":{"activity":"a#","port":"Done"},"target":{"activity":"a@"}}""", i)));
        return """{"definitionId":"chain","name":"chain","root":{"type":"Elsa.Flowchart","id":"f","version":1,"activities":[ACTIVITIES],"connections":[CONNECTIONS]}}"""
            .Replace("ACTIVITIES", activities, StringComparison.Ordinal).Replace("CONNECTIONS", connections, StringComparison.Ordinal);
    }

    private static string Fill(string template, int i) =>
        template.Replace("#", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("@", (i + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static string Loop(int turns) => Fill(
        """
        {"definitionId":"loop","name":"loop","root":{"type":"Elsa.For","id":"f","version":1,
         "end":{"typeName":"Int32","expression":{"type":"Literal","value":#}},
         "body":{"type":"Bench.NoOp","id":"a","version":1}}}
        """,
        turns - 1);
}

/// <summary>Does nothing.</summary>
[Activity("Bench", "Bench", "Does nothing.")]
[NoSideEffects]
public sealed class NoOp : CodeActivity;
