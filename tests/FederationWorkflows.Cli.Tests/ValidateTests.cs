using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow validate</c>.</summary>
public sealed class ValidateTests : TestFolder
{
    private const string Broken = """
        {"id":"b:1","definitionId":"b","name":"B","version":1,"root":{"id":"all","type":"Elsa.Sequence","activities":[
          {"id":"one","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}},
          {"id":"one","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}},
          {"id":"three","type":"Elsa.NoSuchThing"}
        ]}}
        """;

    [Fact]
    public async Task Every_problem_of_every_file_is_listed_with_its_place()
    {
        var good = Story("""{"id":"say","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}}""");

        var (code, output, error) = await Fedflow.RunAsync(Folder, "validate", good, Write("broken.json", Broken), "missing.json");

        error.ShouldBeEmpty();
        code.ShouldBe(1);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe("story.json: valid");
        lines.ShouldContain(line => line.StartsWith("broken.json(3,", StringComparison.Ordinal) && line.Contains("error duplicate", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("broken.json(4,", StringComparison.Ordinal) && line.Contains("error unknown-activity-type: $.root.activities[2]", StringComparison.Ordinal));
        lines.ShouldContain("broken.json: 2 error(s)");
        lines[^1].ShouldBe("missing.json: 1 error(s)");
    }

    [Fact]
    public async Task Every_wrong_expression_is_listed_with_its_place_and_the_nearest_name()
    {
        var story = Write("wrong.json", """
            {"id":"w:1","definitionId":"w","name":"W","version":1,"variables":[{"id":"count","name":"count","typeName":"Int32"}],
             "root":{"id":"all","type":"Elsa.Sequence","activities":[
              {"id":"one","type":"Elsa.WriteLine","text":{"expression":{"type":"CEL","value":"string(variables.cout)"}}},
              {"id":"two","type":"Elsa.WriteLine","text":{"expression":{"type":"Template","value":"Hello ${activities.on.result}"}}},
              {"id":"three","type":"Elsa.If","condition":{"expression":{"type":"CEL","value":"variables.count > 'three'"}}}
            ]}}
            """);

        var (code, output, error) = await Fedflow.RunAsync(Folder, "validate", story);

        (code, error).ShouldBe((1, ""));
        output.ShouldBe("""
            wrong.json(3,82): error invalid-expression: $.root.activities[0].text.expression.value [one]: Input 'Text': 'variables' has no 'cout'. Did you mean 'count'? (line 1, column 18 of the expression)
              | string(variables.cout)
              |                  ^
            wrong.json(4,87): error invalid-expression: $.root.activities[1].text.expression.value [two]: Input 'Text': 'activities' has no 'on'. Did you mean 'one'? (line 1, column 20 of the expression)
              | Hello ${activities.on.result}
              |                    ^
            wrong.json(5,82): error invalid-expression: $.root.activities[2].condition.expression.value [three]: Input 'Condition': '>' has no meaning for int and string. Convert what does not fit, e.g. with int(x), double(x) or string(x). (line 1, column 17 of the expression)
              | variables.count > 'three'
              |                 ^
            wrong.json: 3 error(s)

            """);
    }

    [Fact]
    public async Task Json_is_one_object_for_all_files()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "validate", "--json", Write("broken.json", Broken), "missing.json");

        error.ShouldBeEmpty();
        code.ShouldBe(1);
        var result = Fedflow.Json(output);
        result.GetProperty("valid").GetBoolean().ShouldBeFalse();
        var broken = result.GetProperty("files")[0];
        broken.GetProperty("file").GetString().ShouldBe("broken.json");
        broken.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("line").GetInt32()).ShouldBe([3, 4]);
        result.GetProperty("files")[1].GetProperty("problems")[0].GetProperty("code").GetString().ShouldBe("unreadable-file");
    }
}
