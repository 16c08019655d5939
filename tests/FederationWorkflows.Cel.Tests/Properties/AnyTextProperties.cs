using FederationWorkflows.Cel.Tests.Oracle;

namespace FederationWorkflows.Cel.Tests.Properties;

public sealed class AnyTextProperties
{
    private const int Seed = 20260214;

    [Fact]
    public void Any_text_works_or_is_refused_with_an_expressions_error()
    {
        var random = new Random(Seed);
        Try(40_000, new RandomData(random), () => AnyText.Next(random));
    }

    [Fact]
    public void Expressions_with_small_damages_work_or_are_refused_with_an_expressions_error()
    {
        var random = new Random(Seed);
        var expressions = new RandomExpressions(random);
        Try(30_000, new RandomData(random), () => AnyText.Mutate(Printer.Print(expressions.Next()), random));
    }

    private static void Try(int times, RandomData data, Func<string> next)
    {
        for (var i = 0; i < times; i++)
        {
            var (text, variables) = (next(), data.Next());
            if (AnyText.Problem(text, variables) is not null)
            {
                var shortest = AnyText.Shrink(text, variables);
                Assert.Fail($"seed {Seed}, text {i}: {shortest}\n{AnyText.Problem(shortest, variables)}");
            }
        }
    }
}
