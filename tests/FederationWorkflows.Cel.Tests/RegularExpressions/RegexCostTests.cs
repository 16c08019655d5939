namespace FederationWorkflows.Cel.Tests.RegularExpressions;

public sealed class RegexCostTests
{
    /// <summary>Each of the many matches is known to be one only after the whole rest was read.</summary>
    [Theory]
    [InlineData("regex.replace(text, '(?:a.*z|a)', 'b')")]
    [InlineData("size(regex.extractAll(text, '(?:a.*z|a)'))")]
    public void Searching_that_reads_the_rest_again_for_each_match_ends_at_the_cost_limit(string expression)
    {
        var input = new PlainInput(new Dictionary<string, (Types.CelType, object?)> { ["text"] = (Types.CelType.String, new string('a', 20_000)) });
        var program = new CelEnvironment(input).Compile(expression);
        Should.Throw<CelException>(() => program.Evaluate(input, TestContext.Current.CancellationToken)).Message.ShouldStartWith("The expression does more work than one evaluation may (1,000,000 units).");
    }
}
