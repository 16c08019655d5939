using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class DefinitionProblemTests
{
    [Fact]
    public void A_misspelt_input_is_warned_of_and_keeps_nothing_from_running()
    {
        var result = Harness.Compile(Of(Activity("Elsa.WriteLine", "a", ("txt", Literal("hello")))));

        result.Workflow.ShouldNotBeNull();
        var problem = result.Problems.ShouldHaveSingleItem();
        problem.Severity.ShouldBe(ProblemSeverity.Warning);
        problem.Path.ShouldBe("$.root.txt");
        problem.Message.ShouldBe("Elsa.WriteLine has no input 'txt'; it is kept, but not used. Did you mean 'text'?");
    }

    public static TheoryData<string, string, string, string, string> Problems => new()
    {
        { "{", "invalid-json", "$", "This is not valid JSON: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.", "" },
        { "[]", "wrong-type", "$", "A definition is a JSON object with \"definitionId\", \"name\" and \"root\". It is array.", "[]" },
        { "{\"definitionId\":\"d\"}", "missing-root", "$.root", "The definition has no \"root\": give it the activity to run, for example {\"type\":\"Elsa.Flowchart\", \"id\":\"main\", \"version\":1, \"activities\":[], \"connections\":[]}.", "{\"definitionId\"" },
        { "{\"root\":{\"type\":\"Elsa.End\",\"id\":\"e\"}}", "missing-definition-id", "$.definitionId", "The definition has no \"definitionId\". Give it a stable id, for example \"list-buckets\".", "{\"root\"" },
        { Root("{\"id\":\"e\"}"), "missing-type", "$.root.type", "The activity has no \"type\", for example \"Elsa.WriteLine\".", "{\"id\"" },
        { Root("{\"type\":\"Elsa.End\"}"), "missing-id", "$.root.id", "The activity has no \"id\". Give it one that is unique in the definition.", "{\"type\"" },
        { Root("{\"type\":\"Elsa.Writeline\",\"id\":\"e\"}"), "unknown-activity-type", "$.root.type", "There is no activity type 'Elsa.Writeline'. Did you mean 'Elsa.WriteLine'?", "\"Elsa.Writeline\"" },
        { Root("{\"type\":\"Acme.Rocket\",\"id\":\"e\"}"), "unknown-activity-type", "$.root.type", "There is no activity type 'Acme.Rocket'. Check the spelling, or register the type with the server.", "\"Acme.Rocket\"" },
        { Root("{\"type\":\"Elsa.End\",\"id\":\"e\",\"version\":7}"), "unknown-activity-type", "$.root.version", "The activity type 'Elsa.End' has no version 7; the latest is 1.", "7}" },
        { Root("{\"type\":\"Elsa.End\",\"id\":\"e\",\"version\":\"1\"}"), "wrong-type", "$.root.version", "It must be a whole number.", "\"1\"}" },
        { Root("{\"type\":\"Elsa.End\",\"id\":\"e\",\"customProperties\":{\"canStartWorkflow\":\"yes\"}}"), "wrong-type", "$.root.customProperties.canStartWorkflow", "It must be true or false.", "\"yes\"" },
        { Root("7"), "missing-root", "$.root", "The definition has no \"root\": give it the activity to run, for example {\"type\":\"Elsa.Flowchart\", \"id\":\"main\", \"version\":1, \"activities\":[], \"connections\":[]}.", "7}" },
        { Root("{\"type\":\"Elsa.Sequence\",\"id\":\"s\",\"activities\":{}}"), "wrong-type", "$.root.activities", "'activities' must be a list: [ ... ]. It is object.", "{}" },
        { Root("{\"type\":\"Elsa.Sequence\",\"id\":\"s\",\"activities\":[\"x\"]}"), "wrong-type", "$.root.activities[0]", "An activity is an object with \"type\", \"id\" and \"version\". It is string.", "\"x\"" },
        { Root("{\"type\":\"Elsa.Sequence\",\"id\":\"s\",\n\"activities\":[{\"type\":\"Elsa.End\",\"id\":\"s\"}]}"), "duplicate-id", "$.root.activities[0].id", "The id 's' is already used by the activity at $.root. Give one of them another id.", "\"s\"}]" },
        { Root("{\"type\":\"Elsa.WriteLine\",\"id\":\"l\",\"text\":\"hello\"}"), "wrong-input-shape", "$.root.text", "Input 'Text' must be written as {\"typeName\":\"String\",\"expression\":{\"type\":\"Literal\",\"value\":\"...\"}}.", "\"hello\"" },
        { Root("{\"type\":\"Elsa.For\",\"id\":\"f\",\"start\":{\"expression\":{\"type\":\"Literal\",\"value\":\"one\"}}}"), "wrong-input-type", "$.root.start.expression.value", "Input 'Start' must be a whole number, and is the text 'one'.", "\"one\"" },
        { Root("{\"type\":\"Elsa.If\",\"id\":\"i\",\"condition\":{\"expression\":{\"type\":\"JavaScript\",\"value\":\"true\"}}}"), "invalid-expression", "$.root.condition.expression.value", "Input 'Condition': JavaScript expressions are kept in the file but not run here, because a story may not execute arbitrary code. Use one of: Literal, Object, Variable, Input, Secret, CEL, Template, Test.", "\"true\"" },
        { Root("{\"type\":\"Elsa.If\",\"id\":\"i\",\"condition\":{\"expression\":{\"type\":\"Litteral\",\"value\":true}}}"), "invalid-expression", "$.root.condition.expression.value", "Input 'Condition': There is no expression type 'Litteral'. Did you mean 'Literal'?", "true}" },
        { Root("{\"type\":\"Elsa.ForEach\",\"id\":\"e\",\"items\":{\"expression\":{\"type\":\"Object\",\"value\":\"[1,\"}}}"), "invalid-expression", "$.root.items.expression.value", "Input 'Items': The value is not valid JSON: Expected start of a property name or value, but instead reached end of data. Write it as JSON, e.g. [\"a\", \"b\"]. (line 1, column 3 of the expression)", "\"[1,\"" },
        { Root("{\"type\":\"Elsa.WriteLine\",\"id\":\"l\",\"text\":{\"expression\":{\"type\":\"Input\",\"value\":\"nam\"}}}"), "invalid-expression", "$.root.text.expression.value", "Input 'Text': The workflow has no input 'nam'. Declare it under \"inputs\".", "\"nam\"" },
        { Root("{\"type\":\"Elsa.SetVariable\",\"id\":\"v\"}"), "missing-required-input", "$.root.variable", "Input 'Variable' of Elsa.SetVariable is required. Give it a value: \"variable\": {\"typeName\":\"Variable\",\"expression\":{\"type\":\"Literal\",\"value\":\"...\"}}.", "{\"type\":\"Elsa.SetV" },
        { Root("{\"type\":\"Elsa.SetVariable\",\"id\":\"v\",\"variable\":{\"id\":\"x\"}}"), "unknown-variable", "$.root.variable", "There is no variable 'x' in scope here. Declare it under \"variables\".", "{\"id\":\"x\"}" },
        { Root("{\"type\":\"Elsa.SetOutput\",\"id\":\"v\",\"outputName\":{\"expression\":{\"type\":\"Literal\",\"value\":\"\"}}}"), "missing-required-input", "$.root.outputName", "Input 'OutputName' of Elsa.SetOutput is required. Give it a value: \"outputName\": {\"typeName\":\"String\",\"expression\":{\"type\":\"Literal\",\"value\":\"...\"}}.", "{\"expression\"" },
        { Root("{\"type\":\"Elsa.Fork\",\"id\":\"f\",\"joinMode\":\"Sometimes\"}"), "wrong-input-type", "$.root.joinMode", "'joinMode' must be ForkJoinMode, and is string.", "\"Sometimes\"" },
        { Chart("[{\"source\":{\"activity\":\"a\"},\"target\":{\"activity\":\"bb\"}}]"), "dangling-connection", "$.root.connections[0].target", "The connection names the activity 'bb', which this flowchart does not hold. Did you mean 'a'?", "{\"activity\":\"bb\"}" },
        { Chart("[null]"), "dangling-connection", "$.root.connections[0].target", "The connection names no activity. Give it \"source\":{\"activity\":\"id\",\"port\":\"Done\"} and \"target\":{\"activity\":\"id\"}.", "null]" },
        { Chart("[{\"source\":\"a\"}]"), "wrong-input-type", "$.root.connections[0].source", "'connections' has a value of the wrong kind here.", "\"a\"}" },
        { Top("\"variables\":[{\"typeName\":\"String\"}]"), "missing-name", "$.variables[0].name", "The variable has no \"name\".", "{\"typeName\"" },
        { Top("\"variables\":[{\"name\":\"v\"},{\"name\":\"v\"}]"), "duplicate-name", "$.variables[1].name", "The variable name 'v' is used twice in this scope. Rename one of the two.", "\"v\"}]" },
        { Top("\"variables\":[{\"name\":\"v\",\"typeName\":\"Int32\",\"value\":\"one\"}]"), "wrong-variable-value", "$.variables[0].value", "The variable's value must be a whole number, and is the text 'one'.", "\"one\"" },
        { Top("\"variables\":[7]"), "wrong-type", "$.variables[0]", "A variable is an object with \"id\", \"name\" and \"typeName\". It is number.", "7]" },
        { Top("\"inputs\":[{\"type\":\"String\"}]"), "missing-name", "$.inputs[0].name", "It has no \"name\".", "{\"type\":\"String\"}" },
        { Top("\"inputs\":[{\"name\":\"i\"},{\"name\":\"i\"}]"), "duplicate-name", "$.inputs[1].name", "The name 'i' is used twice. Rename one of the two.", "\"i\"}]" },
        { Top("\"outputs\":{}"), "wrong-type", "$.outputs", "It must be a list: [ ... ]. It is object.", "{}" },
        { Top("\"name\":7"), "wrong-type", "$.name", "It must be text in quotes. It is number.", "7}" },
        { Root("{\"type\":\"Elsa.WriteLine\",\"id\":\"\\ud800\"}"), "invalid-json", "$", "This is not valid JSON: The text has half of a pair of \\ud800 to \\udfff.", "\"\\ud800\"" },
    };

    [Theory, MemberData(nameof(Problems))]
    public void Every_problem_says_what_where_and_how_to_mend_it(string json, string code, string path, string message, string at)
    {
        foreach (var preamble in new byte[][] { [], [0xEF, 0xBB, 0xBF] })
        {
            var result = Harness.Compiler.Compile((byte[])[.. preamble, .. Encoding.UTF8.GetBytes(json)]);
            result.Workflow.ShouldBeNull();
            var problem = result.Problems[^1];
            problem.Code.ShouldBe(code);
            problem.Path.ShouldBe(path);
            problem.Message.ShouldBe(message);
            json.Split('\n')[problem.Line!.Value - 1][(problem.Column!.Value - 1)..].ShouldStartWith(at);
        }
    }

    [Fact]
    public void All_problems_are_reported_together_in_the_order_of_the_file()
    {
        var json = Root("""
            {"type":"Elsa.Flowchart","id":"f",
              "activities":[{"type":"Elsa.Nothing","id":"a"},
                {"type":"Elsa.WriteLine","id":"b","text":{"expression":{"type":"Variable","value":"nope"}}}],
              "connections":[{"source":{"activity":"b"},"target":{"activity":"zzzzzz"}}],
              "variables":[{"name":"v","typeName":"Strin"}]}
            """);
        var problems = Harness.Compiler.Compile(Encoding.UTF8.GetBytes(json)).Problems;
        problems.Select(problem => problem.Code).ShouldBe(["unknown-activity-type", "invalid-expression", "dangling-connection", "unknown-type"]);
        problems.Select(problem => problem.Line).ShouldBe([3, 4, 5, 6]);
        problems.Select(problem => problem.Severity).ShouldBe([ProblemSeverity.Error, ProblemSeverity.Error, ProblemSeverity.Error, ProblemSeverity.Warning]);
        problems[1].ActivityId.ShouldBe("b");
    }

    [Fact]
    public void An_exception_lists_every_problem_in_one_line_each()
    {
        var e = Should.Throw<DefinitionException>(() => Harness.Compiler.Compile(Encoding.UTF8.GetBytes(Root("{\"type\":\"Elsa.End\"}"))).Require());
        e.Message.ShouldBe("(2,8) $.root.id: The activity has no \"id\". Give it one that is unique in the definition.");
        e.Problems.ShouldHaveSingleItem();
    }

    [Fact]
    public void Too_large_a_definition_is_refused_without_being_read()
    {
        var problem = Harness.Compiler.Compile(new byte[DefinitionParser.MaxBytes + 1]).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("too-large");
        problem.Message.ShouldBe("The definition has 4194305 bytes; at most 4194304 are read.");
    }

    [Fact]
    public void Text_that_is_not_utf_8_is_refused()
    {
        var json = Encoding.UTF8.GetBytes(Root("{\"type\":\"Elsa.End\",\"id\":\"x\"}"));
        json[^4] = 0xFF;
        Harness.Compiler.Compile(json).Problems.ShouldHaveSingleItem().Message.ShouldBe("This is not valid JSON: The text is not valid UTF-8.");
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(128, false)]
    [InlineData(100_000, false)]
    public void Nesting_too_deep_is_an_error_and_no_crash(int levels, bool fits)
    {
        var json = new StringBuilder();
        for (var i = 0; i < levels; i++)
        {
            json.Append("{\"type\":\"Elsa.FlowNode\",\"id\":\"n").Append(i).Append("\",\"body\":");
        }

        json.Append("{\"type\":\"Elsa.End\",\"id\":\"e\"}").Append('}', levels);
        var result = Harness.Compiler.Compile(Encoding.UTF8.GetBytes(Root(json.ToString())));
        (result.Workflow is not null).ShouldBe(fits);
        if (!fits)
        {
            result.Problems.ShouldHaveSingleItem().Code.ShouldBe(levels > 40_000 && json.Length > DefinitionParser.MaxBytes ? "too-large" : "invalid-json");
        }
    }

    [Fact]
    public void Too_many_activities_are_refused()
    {
        var story = Of(Sequence("s", [.. Enumerable.Range(0, 10_001).Select(i => Line($"l{i}"))]));
        Harness.Compile(story).Problems.ShouldContain(problem => problem.Code == "too-many-activities" && problem.Message == "The definition has more than 10000 activities. Split it into several stories.");
    }

    [Fact]
    public void Thousands_of_problems_are_located_in_reasonable_time()
    {
        var story = Of(Sequence("s", [.. Enumerable.Range(0, 9_000).Select(i => Line($"l{i}").With("text", 7))]));
        var started = System.Diagnostics.Stopwatch.StartNew();
        var problems = Harness.Compile(story).Problems;
        problems.Count.ShouldBe(9_000);
        problems.ShouldAllBe(problem => problem.Column != null);
        started.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Thousands_of_wrong_names_are_answered_in_reasonable_time()
    {
        var lines = Enumerable.Range(0, 3_000).Select(i => (JsonNode)Line($"activity{i}")).ToArray();
        var story = Of(Flowchart("f", lines, [.. Enumerable.Range(0, 3_000).Select(i => $"activity{i} -> somewhere{i}else")]));
        var started = System.Diagnostics.Stopwatch.StartNew();
        Harness.Compile(story).Problems.Count.ShouldBe(3_000);
        started.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void What_is_not_known_is_kept_as_it_came()
    {
        var story = Of(Line("l").With("metadata", new JsonObject { ["designer"] = 1 }).With("future", "x"), ("later", new JsonArray(1, 2)));
        Harness.Compile(story).Require().Definition.Json.GetRawText().ShouldBe(story.ToJsonString());
    }

    [Fact]
    public void Node_ids_are_the_ids_from_the_workflow_down()
    {
        var workflow = Harness.Compile(Of(Sequence("s", If("i", null, Line("t"), Flowchart("f", [Line("x")]))))).Require();
        workflow.Nodes.Select(node => node.NodeId).ShouldBe(["Workflow1", "Workflow1:s", "Workflow1:s:i", "Workflow1:s:i:t", "Workflow1:s:i:f", "Workflow1:s:i:f:x"]);
        workflow.Nodes.Select(node => node.Index).ShouldBe([0, 1, 2, 3, 4, 5]);
        workflow.Find("x")!.Path.ShouldBe("$.root.activities[0].else.activities[0]");
    }

    [Theory]
    [InlineData("id", "\"story:2\"", true)]
    [InlineData("version", "7", true)]
    [InlineData("isPublished", "true", true)]
    [InlineData("isLatest", "false", true)]
    [InlineData("createdAt", "\"2026-01-31\"", true)]
    [InlineData("name", "\"Other\"", false)]
    [InlineData("variables", "[{\"name\":\"v\"}]", false)]
    [InlineData("future", "1", false)]
    public void The_revision_is_that_of_the_content(string property, string value, bool same)
    {
        var before = DefinitionParser.Parse(Of(Line("l")).ToJsonString()).Revision;
        (DefinitionParser.Parse(Of(Line("l")).With(property, JsonNode.Parse(value)).ToJsonString()).Revision == before).ShouldBe(same);
    }

    [Fact]
    public void The_order_of_properties_and_computed_node_ids_do_not_change_the_revision()
    {
        var one = DefinitionParser.Parse("""{"definitionId":"d","root":{"type":"Elsa.WriteLine","id":"l","nodeId":"Workflow1:l","text":{"expression":{"type":"Literal","value":"a"}}}}""");
        var two = DefinitionParser.Parse("""{"root":{"text":{"expression":{"value":"a","type":"Literal"}},"id":"l","type":"Elsa.WriteLine"},"definitionId":"d"}""");
        one.Revision.ShouldBe(two.Revision);
    }

    [Theory]
    [InlineData("\"a\"", "\"b\"")]
    [InlineData("{\"nodeId\":1}", "{\"nodeId\":2}")]
    [InlineData("[1,2]", "[2,1]")]
    public void Another_input_is_another_revision(string one, string two)
    {
        string Revision(string value) => DefinitionParser.Parse(Of(Line("l").With("text", Literal(JsonNode.Parse(value)))).ToJsonString()).Revision;
        Revision(one).ShouldNotBe(Revision(two));
    }

    private static string Root(string root) => "{\"definitionId\":\"d\",\n\"root\":" + root + "}";

    private static string Top(string property) => "{\"definitionId\":\"d\",\"root\":{\"type\":\"Elsa.End\",\"id\":\"e\"},\n" + property + "}";

    private static string Chart(string connections) => Root("{\"type\":\"Elsa.Flowchart\",\"id\":\"f\",\"activities\":[{\"type\":\"Elsa.End\",\"id\":\"a\"}],\"connections\":" + connections + "}");
}
