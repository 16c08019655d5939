using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests;

public sealed class SharedProgramTests
{
    [Fact]
    public void A_program_evaluated_on_many_threads_at_once_never_mixes_up_what_it_was_given()
    {
        var program = new CelEnvironment(new OneName()).Compile("lists.range(20).map(i, cel.bind(n, x + i, n * 2)).filter(n, n % 2 == 0).size() * 1000000 + x");

        Parallel.For(0L, 20_000, x => program.Evaluate(new Given(x)).Value.ShouldBe(20_000_000 + x));
    }

    private sealed class OneName : ICelNames
    {
        private static readonly CelVariable X = new("x", CelType.Int);

        public IEnumerable<string> Roots => ["x"];

        public CelVariable? Find(ReadOnlySpan<string> path) => path is ["x"] ? X : null;
    }

    private sealed class Given(long x) : ICelActivation
    {
        public object? Read(CelVariable variable) => x;
    }
}
