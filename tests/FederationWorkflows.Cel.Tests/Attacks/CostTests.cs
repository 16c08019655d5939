using System.Diagnostics;
using System.Text.Json;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Attacks;

/// <summary>
/// Expressions that cost the host far more than their author: each ends at a limit, and the work it did until then is bounded.
/// The times allow for a busy machine.
/// </summary>
public sealed class CostTests
{
    private const string TooMuch = "The expression does more work than one evaluation may";

    private static readonly JsonElement Data = JsonSerializer.SerializeToElement(new Dictionary<string, object>
    {
        ["big"] = new string('a', 1_000_000),
        ["big2"] = new string('a', 1_000_000),
        ["ab"] = string.Concat(Enumerable.Range(0, 1_000_000).Select(i => "ab"[(int)((i * 2654435761L >> 7) & 1)])),
        ["properties"] = Enumerable.Range(0, 100_000).ToDictionary(i => $"k{i}"),
        ["objects"] = Enumerable.Range(0, 100_000).Select(i => new { k = i }),
    });

    [Theory]
    [InlineData("lists.range(100000).all(i, data.big == data.big2)")]
    [InlineData("lists.range(100000).all(i, data.big != 'b')")]
    [InlineData("lists.range(100000).all(i, optional.of(data.big).hasValue() && size([int(data.big) == 1 || true]) == 1)")]
    [InlineData("lists.range(100000).all(i, !(data.big in {'a': 1}))")]
    [InlineData("lists.range(100000).map(i, {data.big: i}).size() > 0")]
    [InlineData("lists.range(100000).all(i, !isIP(data.big))")]
    [InlineData("lists.range(200000).exists(i, 'missing' in data.properties)")]
    [InlineData("lists.range(200000).exists(i, has(data.properties.missing))")]
    [InlineData("lists.range(200000).exists(i, data.objects[99999].k == 5)")]
    [InlineData("lists.range(2000).map(i, data.big)")]
    [InlineData("lists.range(2000).map(i, [data.objects])")]
    [InlineData("cel.bind(t, data.big + '', lists.range(100000).map(i, t))")]
    [InlineData("cel.bind(t, bytes(data.big), '%s'.format([lists.range(10000).map(i, t)]))")]
    [InlineData("cel.bind(m, {data.big: 1}, '%s'.format([lists.range(10000).map(i, m)]))")]
    [InlineData("regex.replace(data.big, '.*', [lists.range(20000).map(i, r'\\0').join()][0])")]
    [InlineData("data.big.split('')")]
    [InlineData("data.big.split('a')")]
    [InlineData("cel.bind(t, data.big.replace('aa', 'ab'), cel.bind(p, t.substring(0, 200000) + 'aaab', t.contains(p)))")]
    [InlineData("cel.bind(t, data.big.replace('aa', 'ab'), cel.bind(p, t.substring(0, 200000) + 'aaab', t.indexOf(p)))")]
    [InlineData("cel.bind(t, data.big.replace('aa', 'ab'), cel.bind(p, t.substring(0, 200000) + 'aaab', t.replace(p, '')))")]
    [InlineData("cel.bind(t, data.big.replace('aa', 'ab'), cel.bind(p, t.substring(0, 200000) + 'aaab', t.split(p)))")]
    [InlineData("cel.bind(t, data.big.replace('aa', 'ab'), cel.bind(p, t.substring(0, 200000) + 'aaab', t.extract(p + '{x}')))")]
    [InlineData("data.ab.matches('(?:a|b)*a(?:a|b){900}c')")]
    [InlineData("lists.range(1000).exists(i, 'x'.matches(['[^y]'].map(p, lists.range(500).map(j, p).join())[0] + string(i)))")]
    public void What_costs_the_host_costs_the_author(string expression)
    {
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Should.Throw<CelException>(() => Evaluate(expression));
        (error.Message.StartsWith(TooMuch, StringComparison.Ordinal) || error.Message.StartsWith("A text or byte string of ", StringComparison.Ordinal)).ShouldBeTrue(error.Message);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(2_000_000_000);
    }

    [Theory]
    [InlineData("lists.range(100000).map(i, i * 4294967297).distinct().size()", 100_000L)]
    [InlineData("lists.range(50000).map(i, i * 4294967297).groupBy(k, k).size()", 50_000L)]
    [InlineData("regex.replace(data.ab.substring(0, 20000), lists.range(99).map(i, '()').join() + 'a|c{1000}', '').matches('^b+$') ? 1 : 0", 1L)]
    [InlineData("data.big.reverse().size()", 1_000_000L)]
    public void What_is_cheap_for_the_author_is_quick(string expression, long result)
    {
        var watch = Stopwatch.StartNew();
        Evaluate(expression).ShouldBe(result);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
    }

    /// <summary>What people do with large bodies stays possible.</summary>
    [Theory]
    [InlineData("data.objects.filter(o, o.k % 50000 == 1).map(o, o.k)")]
    [InlineData("lists.range(200).map(i, data.properties.k99)")]
    [InlineData("data.big.contains('b') || data.big.matches('^[a-z]+$')")]
    [InlineData("lists.range(2000).map(i, data.objects[i].k)")]
    [InlineData("data.big == data.big2 && size(data.properties) == 100000")]
    public void Honest_work_on_large_data_is_within_the_limit(string expression) => Should.NotThrow(() => Evaluate(expression));

    private static object? Evaluate(string expression)
    {
        var input = new JsonInput();
        return new CelEnvironment(input).Compile(expression).Evaluate(input, TestContext.Current.CancellationToken).Value;
    }

    private sealed class JsonInput : ICelNames, ICelActivation
    {
        private static readonly CelVariable Variable = new("data", CelType.Dyn);

        public IEnumerable<string> Roots => ["data"];

        public CelVariable? Find(ReadOnlySpan<string> path) => path is ["data"] ? Variable : null;

        public object? Read(CelVariable variable) => Data;
    }
}
