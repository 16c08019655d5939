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
