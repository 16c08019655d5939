namespace FederationWorkflows.Cel.Tests.RegularExpressions;

public sealed class RegexCostTests
{
    [Theory]
    [InlineData("text.matches('(?:.*?b){800}')")]
    [InlineData("regex.replace(text, '(?:a.*z|a)', 'b')")]
    [InlineData("size(regex.extractAll(text, '(?:a.*z|a)'))")]
    public void A_pattern_that_makes_much_work_for_each_character_ends_at_the_cost_limit(string expression)
    {
        var input = new PlainInput(new Dictionary<string, (Types.CelType, object?)> { ["text"] = (Types.CelType.String, new string('a', 100_000)) });
        var program = new CelEnvironment(input).Compile(expression);
        Should.Throw<CelException>(() => program.Evaluate(input, TestContext.Current.CancellationToken)).Message.ShouldStartWith("The expression does more work than one evaluation may (1,000,000 units).");
    }
}
