using FederationWorkflows.Cel.Tests.Oracle;

namespace FederationWorkflows.Cel.Tests.Properties;

public sealed class ExpressionProperties
{
    private const int Seed = 20260214;

    [Fact]
    public void Random_expressions_read_as_printed_and_give_what_a_naive_interpreter_gives()
    {
        var random = new Random(Seed);
        var (expressions, data) = (new RandomExpressions(random), new RandomData(random));
        var succeeded = 0;
        for (var i = 0; i < 40_000; i++)
        {
            var (node, variables) = (expressions.Next(), data.Next());
            if (Comparison.Disagreement(node, variables) is not null)
            {
                Assert.Fail($"seed {Seed}, expression {i}: {Comparison.Describe(Comparison.Shrink(node, variables), variables)}");
            }

            succeeded += Interpreter.Evaluate(node, variables.Plain) is Failure ? 0 : 1;
        }

        // A generator that makes errors only would prove little.
        succeeded.ShouldBeGreaterThan(15_000);
    }
}
