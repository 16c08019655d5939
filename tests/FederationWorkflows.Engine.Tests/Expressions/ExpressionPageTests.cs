using System.Text.Json;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Expressions.Cel;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>What docs/expressions.md says is so.</summary>
public sealed class ExpressionPageTests
{
    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Root(), "docs", "expressions.md"));

    private static readonly JsonElement Data = JsonValues.Parse(string.Join('\n', Page.SkipWhile(line => line != "```json").Skip(1).TakeWhile(line => line != "```")));

    public static TheoryData<string, string> Expressions => Rows("| expression | result |");

    public static TheoryData<string, string> Templates => Rows("| template | result |");

    [Theory, MemberData(nameof(Expressions))]
    public void Each_example_gives_its_result(string expression, string result) =>
        ShouldGive(() => DataExpression.Evaluate(expression, Data, new ExpressionHost()).Value, result);

    [Theory, MemberData(nameof(Templates))]
    public void Each_template_gives_its_result(string template, string result) =>
        ShouldGive(() => DataExpression.Render(template, Data, new ExpressionHost()), result);

    [Fact]
    public void Every_function_of_stories_is_on_it() =>
        StoryLibrary.FunctionNames.Where(name => !Array.Exists(Page, line => line.Contains(name + "(", StringComparison.Ordinal))).ShouldBeEmpty();

    [Fact]
    public void The_limits_are_those_it_names()
    {
        var host = new ExpressionHost();
        (host.CostLimit, host.MaxExpressionLength, host.MaxInputLength, JsonValues.MaxDepth).ShouldBe((1_000_000, 65_536, 16 * 1024 * 1024, 128));
    }

    private static void ShouldGive(Func<object?> evaluate, string result)
    {
        if (result.StartsWith("error: ", StringComparison.Ordinal))
        {
            Should.Throw<ExpressionException>(evaluate).Message.ShouldBe(result["error: ".Length..]);
        }
        else
        {
            JsonValues.ToJson(evaluate()).ShouldBe(result);
        }
    }

    /// <summary>The rows of all tables with these heads; in a cell of code the bar is escaped.</summary>
    private static TheoryData<string, string> Rows(string head)
    {
        var rows = new TheoryData<string, string>();
        for (var i = 0; i < Page.Length; i++)
        {
            if (Page[i] != head)
            {
                continue;
            }

            for (i += 2; i < Page.Length && Page[i].StartsWith('|'); i++)
            {
                var cells = Page[i].Replace(@"\|", "\0", StringComparison.Ordinal).Split('|').Select(cell => cell.Replace('\0', '|').Trim().Trim('`')).ToArray();
                cells.Length.ShouldBe(4, Page[i]);
                rows.Add(cells[1], cells[2]);
            }
        }

        rows.Count.ShouldBeGreaterThan(3);
        return rows;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FederationWorkflows.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder;
    }
}
