using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow eval</c>.</summary>
public sealed class EvalTests : TestFolder
{
    private const string Data = """{"trigger":{"body":{"name":"Ada","tags":["a","b"]}},"variables":{"count":3}}""";

    [Theory]
    [InlineData("trigger.body.name + '!'", "\"Ada!\"")]
    [InlineData("variables.count * 2", "6")]
    [InlineData("trigger.body.tags.map(t, {'tag': t})", """[{"tag":"a"},{"tag":"b"}]""")]
    [InlineData("has(trigger.body.phone)", "false")]
    [InlineData("null", "null")]
    public async Task The_value_is_printed_as_JSON(string expression, string value)
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "eval", expression, "--data", Write("data.json", Data));

        (code, output, error).ShouldBe((0, value + "\n", ""));
    }

    [Fact]
    public async Task The_data_may_come_by_a_pipe()
    {
        var (code, output, error) = await Fedflow.PipeAsync(Folder, Data, "eval", "variables.count", "--data", "-");

        (code, output, error).ShouldBe((0, "3\n", ""));
    }

    [Fact]
    public async Task A_template_is_filled_in()
    {
        var (code, output, _) = await Fedflow.RunAsync(Folder, "eval", "Hello ${trigger.body.name}, $${kept}", "--template", "--data", Write("data.json", Data));

        (code, output).ShouldBe((0, "\"Hello Ada, ${kept}\"\n"));
    }

    [Theory]
    [InlineData("variables.cout", "'variables' has no 'cout'. Did you mean 'count'? (line 1, column 11)\n  | variables.cout\n  |           ^\n")]
    [InlineData("trigger.body.phone", "No such key; test with has() or use '.?' where it may be missing: 'phone'. (line 1, column 14)\n  | trigger.body.phone\n  |              ^\n")]
    [InlineData("1 +", "The expression ends where a value should follow. (line 1, column 4)\n  | 1 +\n  |    ^\n")]
    public async Task An_error_shows_its_place_and_the_command_fails(string expression, string message)
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "eval", expression, "--data", Write("data.json", Data));

        (code, output, error).ShouldBe((1, "", message));
    }

    [Fact]
    public async Task Json_gives_the_value_with_its_type()
    {
        var (code, output, _) = await Fedflow.RunAsync(Folder, "eval", "[1, 2].map(n, n * 2)", "--json");

        code.ShouldBe(0);
        var result = Fedflow.Json(output);
        result.GetProperty("value").GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal).ShouldBe("[2,4]");
        result.GetProperty("type").GetString().ShouldBe("list(int)");
    }

    [Fact]
    public async Task Json_gives_the_error_with_its_place()
    {
        var (code, output, _) = await Fedflow.RunAsync(Folder, "eval", "1 / 0", "--json");

        code.ShouldBe(1);
        var result = Fedflow.Json(output);
        result.GetProperty("error").GetString().ShouldBe("Division by zero.");
        (result.GetProperty("line").GetInt32(), result.GetProperty("column").GetInt32()).ShouldBe((1, 3));
    }

    [Theory]
    [InlineData("[1]", "The data must be a JSON object: each of its properties is a variable.")]
    [InlineData("{\n \"a\": x}", "data.json(2,7): the data is not valid JSON: 'x' is an invalid start of a value.")]
    public async Task Wrong_data_is_refused(string data, string message)
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, "eval", "1", "--data", Write("data.json", data));

        code.ShouldNotBe(0);
        error.ShouldContain(message);
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, "eval", "1", "--data", "nothing.json");

        code.ShouldNotBe(0);
        error.ShouldContain("There is no file 'nothing.json'.");
    }

    [Fact]
    public async Task Without_an_expression_each_line_is_one()
    {
        var (code, output, error) = await Fedflow.PipeAsync(
            Folder, "variables.count + 1\nvariables.cout\nHi ${trigger.body.name}\n:data\n:quit\n'never'\n", "eval", "--data", Write("data.json", Data));

        (code, error).ShouldBe((0, ""));
        output.ShouldBe("4  : int\n'variables' has no 'cout'. Did you mean 'count'? (line 1, column 11)\n  | variables.cout\n  |           ^\n\"Hi Ada\"  : template\ntrigger, variables\n");
    }
}
