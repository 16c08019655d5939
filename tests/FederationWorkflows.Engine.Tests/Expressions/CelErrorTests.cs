using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>What is wrong in an expression is said before the story runs where it can be known, and with its place.</summary>
public sealed class CelErrorTests
{
    /// <summary>Expressions, and what is said of them when the story is compiled.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "variables.cout", "'variables' has no 'cout'. Did you mean 'count'? (line 1, column 11 of the expression)\n  | variables.cout\n  |           ^" },
        { "has(variables.cout)", "'variables' has no 'cout'. Did you mean 'count'? (line 1, column 1 of the expression)\n  | has(variables.cout)\n  | ^" },
        { "variables['a b c']", "'variables' has no 'a b c'. Did you mean 'a b'? (line 1, column 10 of the expression)\n  | variables['a b c']\n  |          ^" },
        { "inputs.givn", "'inputs' has no 'givn'. Did you mean 'given'? (line 1, column 8 of the expression)\n  | inputs.givn\n  |        ^" },
        { "activities.aks.result", "'activities' has no 'aks'. Did you mean 'ask'? (line 1, column 12 of the expression)\n  | activities.aks.result\n  |            ^" },
        { "activities.ask.reslt", "'activities.ask' has no 'reslt'. Did you mean 'result'? (line 1, column 16 of the expression)\n  | activities.ask.reslt\n  |                ^" },
        { "activities.measure.size", "'activities.measure' has no 'size'. Check the name, or use one of: itemCount, result. (line 1, column 20 of the expression)\n  | activities.measure.size\n  |                    ^" },
        { "run.started", "'run' has no 'started'. Did you mean 'startedAt'? (line 1, column 5 of the expression)\n  | run.started\n  |     ^" },
        { "variable.count", "There is no 'variable' here. Did you mean 'variables'? (line 1, column 1 of the expression)\n  | variable.count\n  | ^" },
        { "count", "There is no 'count' here. Text needs quotes: 'text'. (line 1, column 1 of the expression)\n  | count\n  | ^" },
        { "json.pars('1')", "There is no function 'json.pars'. Did you mean 'parse'? (line 1, column 6 of the expression)\n  | json.pars('1')\n  |      ^" },
        { "1 +", "The expression ends where a value should follow. (line 1, column 4 of the expression)\n  | 1 +\n  |    ^" },
        { "", "The expression is empty. (line 1, column 1 of the expression)\n  | \n  | ^" },
        { "variables.count ==\n  'three'", "int and string are never equal. Convert one of them, or write dyn(x) to compare anyway. (line 1, column 17 of the expression)\n  | variables.count ==\n  |                 ^" },
        { "1 / 0", "Division by zero. (line 1, column 3 of the expression)\n  | 1 / 0\n  |   ^" },
        { "{1: 'a', '1': 'b'}", "Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both." },
        { "json.render({1: 'a', '1': 'b'})", "Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both." },
        { Nested(200), "The value nests deeper than 128 levels, which is as deep as values of a run may be." },
        { "json.render(" + Nested(200) + ")", "The value nests deeper than 128 levels, which is as deep as values of a run may be." },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void It_is_said_when_the_story_is_compiled(string expression, string message)
    {
        var problem = Harness.Compile(CelScopeTests.Rich(Take("take", "anything", Formula(expression)))).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("invalid-expression");
        problem.ActivityId.ShouldBe("take");
        problem.Path.ShouldBe("$.root.activities[3].activities[0].anything.expression.value");
        problem.Message.ShouldBe("Input 'Anything': " + message);
    }

    [Fact]
    public void Its_place_in_the_file_is_the_expressions()
    {
        var json = """
            {"definitionId":"d","root":{"type":"Elsa.Sequence","id":"s","activities":[
              {"type":"Elsa.WriteLine","id":"a","text":{"expression":{"type":"CEL","value":"variables.a"}}},
              {"type":"Elsa.WriteLine","id":"b","text":{"expression":{"type":"Template","value":"Hello\n ${inputs.b}"}}}
            ]}}
            """;
        var problems = Harness.Compiler.Compile(System.Text.Encoding.UTF8.GetBytes(json)).Problems;
        problems.Select(problem => (problem.Line, problem.Column, problem.Path)).ShouldBe([
            (2, 80, "$.root.activities[0].text.expression.value"),
            (3, 85, "$.root.activities[1].text.expression.value")]);
        problems[1].Message.ShouldBe("Input 'Text': 'inputs' has no 'b'. Check the name. (line 2, column 11 of the expression)\n  |  ${inputs.b}\n  |           ^");
    }

    /// <summary>Expressions that fail in the run, and the incident.</summary>
    public static TheoryData<string, string> Failing => new()
    {
        { "variables.object.lst", "No such key; test with has() or use '.?' where it may be missing: 'lst'. (line 1, column 18 of the expression)\n  | variables.object.lst\n  |                  ^" },
        { "variables.object.list[2]", "Index out of range: elements are counted from 0: the list has 2. (line 1, column 22 of the expression)\n  | variables.object.list[2]\n  |                      ^" },
        { "activities.later.result.name", "No such overload: null has no fields; write default(x.name, ...) where x may be null. (line 1, column 25 of the expression)\n  | activities.later.result.name\n  |                         ^" },
        { "100 / (variables.count - 3)", "Division by zero. (line 1, column 5 of the expression)\n  | 100 / (variables.count - 3)\n  |     ^" },
        { "int(inputs.given)", "Type conversion error: an int is written as a whole number such as 42; this is not: 'here'. (line 1, column 1 of the expression)\n  | int(inputs.given)\n  | ^" },
        { "9223372036854775807 + variables.count", "Integer overflow: the result does not fit 64 bits. (line 1, column 21 of the expression)\n  | 9223372036854775807 + variables.count\n  |                     ^" },
    };

    [Theory, MemberData(nameof(Failing))]
    public async Task It_is_said_in_the_incident_when_only_the_run_knows(string expression, string message)
    {
        var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", "anything", Formula(expression))), reload: false);
        harness.ShouldFault("take").Message.ShouldBe("Input 'Anything': " + message);
    }

    /// <summary>Inputs, expressions, and the JSON of what arrives; expressions without a name are constants.</summary>
    public static TheoryData<string, string, string> Converted => new()
    {
        { "text", "'a' + 'b'", "\"ab\"" },
        { "text", "variables.count", "\"3\"" },
        { "text", "variables.object.list", "\"[{\\\"name\\\":\\\"one\\\"},{\\\"name\\\":\\\"two\\\"}]\"" },
        { "text", "variables.empty", "null" },
        { "text", "true", "\"true\"" },
        { "whole", "variables.count * 2", "6" },
        { "whole", "'17'", "17" },
        { "whole", "double(variables.count)", "3" },
        { "whole", "3u", "3" },
        { "number", "variables.count", "3" },
        { "flag", "variables.count > 2 && variables.flag", "true" },
        { "flag", "'true'", "true" },
        { "day", "'friday'", "5" },
        { "time", "timestamp('2026-01-01T00:00:00Z')", "\"2026-01-01T00:00:00+00:00\"" },
        { "time", "run.startedAt", "\"2026-01-31T12:00:00+00:00\"" },
        { "span", "duration('90s')", "\"00:01:30\"" },
        { "bytes", "b'\\x01\\x02'", "\"AQI=\"" },
        { "json", "{'a': [1, variables.count, null]}", """{"a":[1,3,null]}""" },
        { "map", "{'a': variables.count}", """{"a":3}""" },
        { "map", "variables.object", """{"list":[{"name":"one"},{"name":"two"}],"none":null}""" },
        { "list", "['a', inputs.given]", """["a","here"]""" },
        { "list", "inputs.given", """["here"]""" },
        { "items", "[1, 'a', {'b': variables.count}]", """[1,"a",{"b":3}]""" },
        { "secret", "inputs.given", "\"***\"" },
    };

    [Theory, MemberData(nameof(Converted))]
    public async Task What_fits_the_input_is_converted(string input, string expression, string json)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", input, Formula(expression))), reload);
            harness.ShouldFinish();
            JsonValues.ToJson(harness.World.Taken[input]).ShouldBe(json);
        }
    }

    [Theory]
    [InlineData("whole", "'seven'", "Input 'Whole' must be a whole number, and is the text 'seven'.")]
    [InlineData("whole", "1.5", "Input 'Whole' must be a whole number, and is 1.5.")]
    [InlineData("whole", "2147483648", "Input 'Whole' must be a whole number, and is 2147483648.")]
    [InlineData("flag", "1", "Input 'Flag' must be true or false, and is 1.")]
    [InlineData("day", "'someday'", "Input 'Day' must be one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, and is the text 'someday'.")]
    [InlineData("map", "[1]", "Input 'Map' must be ObjectDictionary, and is JSON array.")]
    public async Task What_does_not_fit_is_refused_with_the_inputs_name(string input, string expression, string message)
    {
        var problem = Harness.Compile(Of(Take("take", input, Formula(expression)))).Problems.ShouldHaveSingleItem();
        (problem.Code, problem.Message).ShouldBe(("wrong-input-type", message));

        var harness = await new Harness().StartAsync(Of(Take("take", input, Formula($"run.id == 'run' ? dyn({expression}) : null"))));
        harness.ShouldFault("take").Message.ShouldBe(message);
    }

    [Theory]
    [InlineData("'a' + 'b'", true)]
    [InlineData("json.parse('[1, 2]').map(n, string(n)).join('')", true)]
    [InlineData("'a' + run.id", false)]
    [InlineData("'a' + uuid()", false)]
    public async Task What_is_the_same_in_every_run_is_computed_once(string expression, bool once)
    {
        var harness = await new Harness().StartAsync(Of(For("for", 1, 2, Sequence("body", Take("take", "text", Formula(expression)), Wait("wait")))));
        var first = harness.World.Taken["text"].ShouldNotBeNull();
        await harness.ResumeAsync("wait");
        ReferenceEquals(harness.World.Taken["text"], first).ShouldBe(once);
    }

    [Fact]
    public async Task An_expression_that_does_too_much_is_ended()
    {
        var host = new ExpressionHost { CostLimit = 10_000 };
        var story = Of(Take("take", "anything", Formula("inputs.items.map(a, inputs.items.map(b, a + b)).size()")), ("inputs", Inputs(("items", "Object"))));
        var harness = await new Harness { Host = host }.StartAsync(story, new() { ["items"] = Enumerable.Range(0, 500).Select(i => (object?)(long)i).ToArray() });
        harness.ShouldFault("take").Message.ShouldBe("Input 'Anything': The expression does more work than one evaluation may (10,000 units). Make its lists or texts smaller, or spread it over several activities.");
    }

    [Fact]
    public void A_fixed_expression_that_does_too_much_is_refused_before_it_runs()
    {
        var huge = string.Concat(Enumerable.Repeat("[1,2,3,4,5,6,7,8,9,10].map(a, ", 7)) + "a" + new string(')', 7);
        Harness.Compile(Of(Take("take", "anything", Formula(huge)))).Problems.ShouldHaveSingleItem().Message
            .ShouldStartWith("Input 'Anything': The expression does more work than one evaluation may (1,000,000 units).");
    }

    [Theory]
    [InlineData("CEL")]
    [InlineData("Template")]
    public void An_expression_that_is_too_long_is_refused(string type)
    {
        var host = new ExpressionHost { MaxExpressionLength = 100 };
        Harness.Compile(Of(Take("take", "anything", Expression(type, new string('1', 101)))), host).Problems.ShouldHaveSingleItem().Message
            .ShouldBe("Input 'Anything': The expression has 101 characters; at most 100 are allowed.");
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_not_worked_on()
    {
        var host = new ExpressionHost { MaxInputLength = 1_000 };
        var story = Of(Take("take", "anything", Formula("inputs.text + inputs.text")), ("inputs", Inputs(("text", "String"))));
        var harness = await new Harness { Host = host }.StartAsync(story, new() { ["text"] = new string('x', 600) });
        harness.ShouldFault("take").Message.ShouldStartWith("Input 'Anything': A text or byte string of 1,200 is longer than an expression may work on (1,000).");
    }

    [Theory]
    [InlineData("Literal", "${x}")]
    [InlineData("Literal", "${variables.count} $${")]
    [InlineData("Object", "\"${variables.count}\"")]
    public async Task Elsas_own_types_stay_what_they_are(string type, string value)
    {
        var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", "text", Expression(type, value))), reload: false);
        harness.World.Taken["text"].ShouldBe(value.Trim('"'));
    }

    [Fact]
    public void The_designer_shows_both_types_and_an_editor_for_each()
    {
        // Keys and values as Elsa Studio reads them: MonacoLanguage is a language of its editor, UIHint the editor of a hint it knows.
        var descriptors = Harness.Compiler.ExpressionDescriptors.ToDictionary(descriptor => descriptor.Type);
        descriptors.Keys.ShouldBe(["Literal", "Object", "Variable", "Input", "Secret", "CEL", "Template", TestExpressions.Type]);
        (descriptors["CEL"].DisplayName, descriptors["CEL"].IsBrowsable).ShouldBe(("CEL", true));
        descriptors["CEL"].Properties.ShouldBe(new Dictionary<string, object> { ["MonacoLanguage"] = "python" });
        (descriptors["Template"].DisplayName, descriptors["Template"].IsBrowsable).ShouldBe(("Template", true));
        descriptors["Template"].Properties.ShouldBe(new Dictionary<string, object> { ["MonacoLanguage"] = "plaintext" });
    }

    private static string Nested(int depth) => new string('[', depth) + "1" + new string(']', depth);
}
