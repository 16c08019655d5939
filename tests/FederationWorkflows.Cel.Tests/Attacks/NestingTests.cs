using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Attacks;

/// <summary>Expressions that make values or types as deep or as wide as they can. A stack overflow ends the process, so these run on a small stack.</summary>
public sealed class NestingTests
{
    private const string TooDeep = "A value is nested too deeply to be compared, searched or printed.";

    public static TheoryData<string, string> Uses => new MatrixTheoryData<string, string>(
        ["optional.of(", "[", "{'k': "],
        ["a == a", "a", "a.x", "has(a.x)", "a[?1]", "a.?x", "'%s'.format([a])", "[a, a].distinct()", "a in [a]", "sets.contains([a], [a])", "[a].flatten(64)"]);

    [Theory, MemberData(nameof(Uses))]
    public void A_value_that_is_deeper_than_any_expression_never_ends_the_process(string opening, string use)
    {
        var layers = string.Concat(Enumerable.Repeat(opening, 40)) + "a" + new string(opening[0] switch { '[' => ']', '{' => '}', _ => ')' }, 40);
        var text = "cel.bind(a, dyn(1), " + string.Concat(Enumerable.Repeat($"cel.bind(a, dyn({layers}), ", 100)) + use + new string(')', 101);
        var error = OnSmallStack(() => Evaluate(text));

        // Whether a use reaches the bottom at all is its own affair.
        (error is null or CelException).ShouldBeTrue(error?.ToString());
        if (use is "a == a" or "a" or "a in [a]")
        {
            error.ShouldNotBeNull().Message.ShouldBe(TooDeep);
        }
    }

    [Theory]
    [InlineData("{a: a}")]
    [InlineData("{'k': [a], a: 1}")]
    [InlineData("optional.of({a: [a]})")]
    public void Types_that_double_with_each_step_are_found_out_in_no_time(string step) =>
        new CelEnvironment().Compile("cel.bind(a, 'x', " + string.Concat(Enumerable.Repeat($"cel.bind(a, {step}, ", 200)) + "a == a" + new string(')', 201))
            .ResultType.ShouldBe(CelType.Bool);

    [Fact]
    public void Unknown_types_that_stand_for_one_another_many_times_over_are_an_error_in_no_time()
    {
        const int Count = 60;
        var text = string.Concat(Enumerable.Range(0, Count).Select(i => $"cel.bind(a{i}, [], "))
            + string.Join(" && ", Enumerable.Range(1, Count - 1).Select(i => $"a{i} == [{{a{i - 1}: a{i - 1}}}]"))
            + new string(')', Count);
        Should.Throw<CelException>(() => new CelEnvironment().Compile(text)).Message.ShouldStartWith("The types of this expression are too intricate to find out.");
    }

    [Fact]
    public void A_long_list_of_empty_lists_costs_no_more_than_its_length() =>
        Evaluate("size([" + string.Concat(Enumerable.Repeat("[],", 20_000)) + "])").ShouldBe(20_000L);

    private static object? Evaluate(string text)
    {
        var input = new PlainInput(new Dictionary<string, (CelType, object?)>());
        return new CelEnvironment(input, options: new CelOptions { MaxExpressionLength = 1_000_000 }).Compile(text).Evaluate(input).Value;
    }

    private static Exception? OnSmallStack(Action action)
    {
        Exception? error = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    error = e;
                }
            },
            1_500_000);
        thread.Start();
        thread.Join();
        return error;
    }
}
