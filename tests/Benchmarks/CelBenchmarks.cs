using System.Text.Json;
using BenchmarkDotNet.Attributes;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Benchmarks;

/// <summary>What expressions of stories cost: to compile, and each time they run over JSON.</summary>
[MemoryDiagnoser]
public class CelBenchmarks : ICelNames, ICelActivation
{
    private const string Condition = "event.severity >= 3 && event.actor.startsWith('svc-') && event.labels.exists(l, l.name == 'env')";

    private static readonly CelOptions Options = new();
    private static readonly CelVariable Event = new("event", CelType.Dyn);

    // The shape of an activation that keeps its JSON boxed, as a run does.
    private readonly object data = JsonSerializer.SerializeToElement(new
    {
        severity = 5,
        actor = "svc-rotation",
        labels = new[] { new { name = "env", value = "prod" } },
        findings = Enumerable.Range(0, 100).Select(i => new { id = $"f-{i}", score = i }),
    });

    private CelEnvironment environment = null!;
    private CelProgram compareInt = null!;
    private CelProgram compareText = null!;
    private CelProgram condition = null!;
    private CelProgram filter = null!;
    private CelProgram concat = null!;
    private CelProgram matches = null!;

    public IEnumerable<string> Roots => ["event"];

    [GlobalSetup]
    public void Setup()
    {
        environment = new CelEnvironment(this);
        compareInt = environment.Compile("event.severity == 5");
        compareText = environment.Compile("event.actor == 'svc-rotation'");
        condition = environment.Compile(Condition);
        filter = environment.Compile("event.findings.filter(f, f.score > 50)");
        concat = environment.Compile("'actor ' + event.actor + ' has severity ' + string(event.severity)");
        matches = environment.Compile("event.actor.matches('^svc-[a-z]+$')");
    }

    [Benchmark(Description = "parse a condition of 96 characters")]
    public object Parse() => Parser.Parse(Condition, Options);

    [Benchmark(Description = "compile a condition of 96 characters")]
    public CelProgram Compile() => new CelEnvironment(this).Compile(Condition);

    [Benchmark(Description = "compile it again")]
    public CelProgram CompileAgain() => environment.Compile(Condition);

    [Benchmark(Description = "compare an int")]
    public CelResult CompareInt() => compareInt.Evaluate(this);

    [Benchmark(Description = "compare a text")]
    public CelResult CompareText() => compareText.Evaluate(this);

    [Benchmark(Description = "the condition")]
    public CelResult EvaluateCondition() => condition.Evaluate(this);

    [Benchmark(Description = "filter 100 elements")]
    public CelResult Filter() => filter.Evaluate(this);

    [Benchmark(Description = "put a text together")]
    public CelResult Concat() => concat.Evaluate(this);

    [Benchmark(Description = "match a regular expression")]
    public CelResult Matches() => matches.Evaluate(this);

    public CelVariable? Find(ReadOnlySpan<string> path) => path is ["event"] ? Event : null;

    public object? Read(CelVariable variable) => data;
}
