namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>A million levels of anything are an error and not the end of the process.</summary>
public sealed class DeepNestingTests
{
    private const int Million = 1_000_000;

    public static TheoryData<string, string, string, string> Towers { get; } = new()
    {
        { "(", "1", ")", "250 levels" },
        { "[", "1", "]", "250 levels" },
        { "{1:", "1", "}", "250 levels" },
        { "!", "true", "", "250 levels" },
        { "-", "x", "", "250 levels" },
        { "- ", "1", "", "250 levels" },
        { "true ? 1 : ", "1", "", "250 levels" },
        { "true ? (", "1", ") : 1", "250 levels" },
        { "", "x", ".b", "250 levels" },
        { "", "x", ".?b", "250 levels" },
        { "", "x", "[0]", "250 levels" },
        { "", "x", "[?0]", "250 levels" },
        { "", "x", ".size()", "250 levels" },
        { "", "x", ".map(y, y)", "250 levels" },
        { "x.map(x, ", "x", ")", "250 levels" },
        { "size(", "x", ")", "250 levels" },
        { "has(", "x.b", ")", "250 levels" },
        { "cel.bind(x, ", "1", ", x)", "250 levels" },
        { "cel.bind(x, 1, ", "x", ")", "250 levels" },
        { "1 + ", "1", "", "250 levels" },
        { "1 - ", "1", "", "250 levels" },
        { "1 < ", "1", "", "250 levels" },
        { "1 * ", "1", "", "250 levels" },
        { "x.", "x", "", "250 levels" },
    };

    [Theory]
    [MemberData(nameof(Towers))]
    public void A_million_levels_are_an_error(string open, string middle, string close, string message)
    {
        var text = string.Concat(string.Concat(Enumerable.Repeat(open, Million)), middle, string.Concat(Enumerable.Repeat(close, Million)));
        var input = new PlainInput(new Dictionary<string, (Types.CelType, object?)> { ["x"] = (Types.CelType.Dyn, new PlainList([])) });
        Should.Throw<CelException>(() => new CelEnvironment(input).Compile(text)).Message.ShouldContain("at most 65,536 are allowed");
        Should.Throw<CelException>(() => new CelEnvironment(input, options: new CelOptions { MaxExpressionLength = int.MaxValue }).Compile(text)).Message.ShouldContain(message);
        Should.Throw<CelException>(() => new CelEnvironment(input, options: new CelOptions { MaxExpressionLength = int.MaxValue }).CompileTemplate("${" + text + "}")).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("true && ", "true", true)]
    [InlineData("false || ", "true", true)]
    [InlineData("true && false || ", "true", true)]
    public void A_long_chain_of_logical_operators_is_no_nesting(string link, string end, bool expected)
    {
        var text = string.Concat(Enumerable.Repeat(link, 3_500)) + end;
        new CelEnvironment().Compile(text).Evaluate(new PlainInput(new Dictionary<string, (Types.CelType, object?)>()), TestContext.Current.CancellationToken).Value.ShouldBe(expected);
    }

    [Fact]
    public void Data_that_is_nested_a_hundred_thousand_levels_is_an_error()
    {
        object? nested = 1L;
        for (var i = 0; i < 100_000; i++)
        {
            nested = new List<object?> { nested };
        }

        var input = new PlainInput(new Dictionary<string, (Types.CelType, object?)> { ["x"] = (Types.CelType.Dyn, nested), ["y"] = (Types.CelType.Dyn, new List<object?> { ((List<object?>)nested)[0] }) });
        foreach (var expression in new[] { "x == y", "[x]", "x", "x in [y]", "[x, y].distinct()", "x.flatten(1000000)", "sets.contains([x], [y])", "'%s'.format([x])" })
        {
            try
            {
                new CelEnvironment(input).Compile(expression).Evaluate(input, TestContext.Current.CancellationToken);
            }
            catch (CelException e)
            {
                e.Message.ShouldMatch("nested|more work|no such overload|No such overload", expression);
            }
        }
    }
}
