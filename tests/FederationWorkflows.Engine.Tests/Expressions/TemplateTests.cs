using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>Text, and JSON, with expressions in it.</summary>
public sealed class TemplateTests
{
    /// <summary>Texts, and what they become over <see cref="CelScopeTests.Rich"/>.</summary>
    public static TheoryData<string, string> Texts => new()
    {
        { "", "" },
        { "Hello", "Hello" },
        { "Hello ${inputs.given}", "Hello here" },
        { "${inputs.given}", "here" },
        { "${inputs.given}${variables.count}", "here3" },
        { " ${variables.count} ", " 3 " },
        { "$${inputs.given}", "${inputs.given}" },
        { "$$${inputs.given}", "$${inputs.given}" },
        { "cost: $5 ${variables.count} {braces} }", "cost: $5 3 {braces} }" },
        { "${'in } quotes'} and ${{'a': {'b': 1}}.a.b}", "in } quotes and 1" },
        { "${ 'say \"hi\"' }", "say \"hi\"" },
        { "${variables.empty}|", "|" },
        { "${variables.flag} ${1.5} ${2.0} ${3u}", "true 1.5 2 3" },
        { "${run.startedAt}", "2026-01-31T12:00:00Z" },
        { "at ${run.startedAt} for ${duration('90s')}", "at 2026-01-31T12:00:00Z for 90s" },
        { "${b'abc'}.", "YWJj." },
        { "${variables.object}", """{"list":[{"name":"one"},{"name":"two"}],"none":null}""" },
        { "list: ${variables.object.list.map(i, i.name)}", """list: ["one","two"]""" },
        { "{ \"not\": \"json here\" } ${variables.count}", "{ \"not\": \"json here\" } 3" },
        { "{\"a\": \"${variables.count}\"}", "{\"a\": \"3\"}" },
        { "line\n${variables.count}\r\nend\t", "line\n3\r\nend\t" },
        { "é😀${'é😀'}", "é😀é😀" },
    };

    [Theory, MemberData(nameof(Texts))]
    public async Task A_text_is_filled_in(string template, string text)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", "text", Template(template))), reload);
            harness.ShouldFinish();
            harness.World.Taken["text"].ShouldBe(text);
        }
    }

    /// <summary>Inputs, templates, and the JSON of what arrives.</summary>
    public static TheoryData<string, string, string> Values => new()
    {
        { "anything", "${variables.count}", "3" },
        { "anything", "${variables.object.list}", """[{"name":"one"},{"name":"two"}]""" },
        { "anything", "n${variables.count}", "\"n3\"" },
        { "whole", "${variables.count}", "3" },
        { "whole", "1${variables.count}", "13" },
        { "number", "${variables.count}.5", "3.5" },
        { "flag", "${variables.flag}", "true" },
        { "day", "${'friday'}", "5" },
        { "time", "${run.startedAt}", "\"2026-01-31T12:00:00+00:00\"" },
        { "time", "2026-0${variables.count}-01", "\"2026-03-01T00:00:00+00:00\"" },
        { "span", "${duration('90s')}", "\"00:01:30\"" },
        { "anything", """{"n": "${variables.count}", "text": "n ${variables.count}", "fixed": [1, 2.5, true, null, "x"], "in": {"list": "${variables.object.list}"}}""",
            """{"n":3,"text":"n 3","fixed":[1,2.5,true,null,"x"],"in":{"list":[{"name":"one"},{"name":"two"}]}}""" },
        { "anything", """ ["${variables.count}", {"a": "$${x}"}] """, """[3,{"a":"${x}"}]""" },
        { "anything", """{"${variables.count}": 1}""", """{"${variables.count}":1}""" },
        { "anything", """{"say": "${'a' + \"b\" + 'c\\n'}"}""", """{"say":"abc\n"}""" },
        { "json", """{"n": "${variables.count}"}""", """{"n":3}""" },
        { "map", """{"n": "${variables.count}"}""", """{"n":3}""" },
        { "map", "${variables.object}", """{"list":[{"name":"one"},{"name":"two"}],"none":null}""" },
        { "list", """["a", "${inputs.given}"]""", """["a","here"]""" },
        { "list", "${inputs.given}", """["here"]""" },
        { "items", """["${variables.count}", "x"]""", """[3,"x"]""" },
        { "secret", "token ${inputs.given}", "\"***\"" },
    };

    [Theory, MemberData(nameof(Values))]
    public async Task A_lone_expression_keeps_its_type_and_JSON_is_filled_in(string input, string template, string json)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", input, Template(template))), reload);
            harness.ShouldFinish();
            JsonValues.ToJson(harness.World.Taken[input]).ShouldBe(json);
        }
    }

    [Theory, BothWays]
    public async Task The_file_may_have_the_JSON_itself_instead_of_its_text(bool reload)
    {
        var template = Template(new JsonObject { ["n"] = "${variables.count}", ["list"] = new JsonArray(1, "x ${inputs.given}") });
        var harness = await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", "anything", template)), reload);
        JsonValues.ToJson(harness.World.Taken["anything"]).ShouldBe("""{"n":3,"list":[1,"x here"]}""");
    }

    /// <summary>Inputs, templates, and what is said of them when the story is compiled.</summary>
    public static TheoryData<string, string, string> Wrong => new()
    {
        { "text", "Hello ${inputs.givn}", "'inputs' has no 'givn'. Did you mean 'given'? (line 1, column 16 of the expression)\n  | Hello ${inputs.givn}\n  |                ^" },
        { "text", "a\nb ${1 +}", "'}' stands where a value should. (line 2, column 8 of the expression)\n  | b ${1 +}\n  |        ^" },
        { "text", "Hello ${inputs.given", "The expression ends where '}', the end of ${...}, should follow. (line 1, column 21 of the expression)\n  | Hello ${inputs.given\n  |                     ^" },
        { "text", "${}", "'}' stands where a value should. (line 1, column 3 of the expression)\n  | ${}\n  |   ^" },
        { "anything", """{"n": ${variables.count}}""", "The text of this template is not valid JSON: '$' is an invalid start of a value. An expression stands in quotes, \"${variables.count}\", and keeps its type when it stands alone there; quotes inside it are single ones. (line 1, column 7 of the expression)" },
        { "anything", "{\"a\": 1,\n \"b\": \"${\"x\"}\"}", "The text of this template is not valid JSON: 'x' is invalid after a value. Expected either ',', '}', or ']'. An expression stands in quotes, \"${variables.count}\", and keeps its type when it stands alone there; quotes inside it are single ones. (line 2, column 11 of the expression)" },
        { "map", """{"a": [1, {"b": "x ${inputs.givn}"}]}""", "At $.a[1].b of the template: 'inputs' has no 'givn'. Did you mean 'given'? (line 1, column 12 of the expression)\n  | x ${inputs.givn}\n  |            ^" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_with_its_place(string input, string template, string message)
    {
        var problem = Harness.Compile(CelScopeTests.Rich(Take("take", input, Template(template)))).Problems.ShouldHaveSingleItem();
        (problem.Code, problem.Message).ShouldBe(("invalid-expression", $"Input '{char.ToUpperInvariant(input[0]) + input[1..]}': {message}"));
        problem.Path.ShouldBe($"$.root.activities[3].activities[0].{input}.expression.value");
    }

    [Theory]
    [InlineData("""{"a": {"b": "${variables.object.missing}"}}""", "Input 'Anything': At $.a.b of the template: No such key; test with has() or use '.?' where it may be missing: 'missing'. (line 1, column 20 of the expression)\n  | ${variables.object.missing}\n  |                    ^")]
    [InlineData("a ${variables.object.missing}", "Input 'Anything': No such key; test with has() or use '.?' where it may be missing: 'missing'. (line 1, column 22 of the expression)\n  | a ${variables.object.missing}\n  |                      ^")]
    public async Task What_fails_in_the_run_is_said_with_its_place(string template, string message) =>
        (await CelScopeTests.StartAsync(CelScopeTests.Rich(Take("take", "anything", Template(template))), reload: false)).ShouldFault("take").Message.ShouldBe(message);

    [Theory, BothWays]
    public async Task Only_what_came_from_a_secret_is_one(bool reload)
    {
        var harness = await CelSensitivityTests.StartAsync(
            Sequence(
                "q",
                Take("take", "anything", Template("""{"open": "${variables.open}", "token": "${secrets.key}", "header": "Bearer ${secrets.key}", "list": ["${inputs.i}", 1]}""")),
                SetVariable("keep", "v", Template("""{"token": "${secrets.key}"}""")),
                Wait("w")),
            reload);
        harness.ShouldWait();
        CelSensitivityTests.AssertUnseen(harness);
        var taken = harness.World.Taken["anything"].ShouldBeOfType<Dictionary<string, object?>>();
        taken["open"].ShouldBe("o");
        taken["token"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("canary-5f0c1d");
        taken["header"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("Bearer canary-5f0c1d");
        taken["list"].ShouldBeOfType<object?[]>()[0].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("canary-5f0c1d");
        JsonValues.ToJson(taken).ShouldBe("""{"open":"o","token":"***","header":"***","list":["***",1]}""");
    }

    [Theory]
    [InlineData("text", "Bearer ${secrets.key}")]
    [InlineData("text", "${secrets.key}")]
    [InlineData("secret", "Bearer ${secrets.key}")]
    [InlineData("secret", "${secrets.key}")]
    public async Task A_text_with_a_secret_in_it_is_one(string input, string template)
    {
        var harness = await CelSensitivityTests.StartAsync(Take("take", input, Template(template)), reload: false);
        harness.World.Taken[input].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe(template.Replace("${secrets.key}", "canary-5f0c1d", StringComparison.Ordinal));
        CelSensitivityTests.AssertUnseen(harness);
    }

    [Theory]
    [InlineData("json", """{"t": "${secrets.key}"}""")]
    [InlineData("reply", """{"statusCode": 1, "headers": {"h": "${secrets.key}"}, "token": null, "parts": [], "at": "2026-01-01"}""")]
    public async Task An_input_that_cannot_tell_the_secret_parts_from_the_others_is_a_secret_as_a_whole(string input, string template)
    {
        var harness = await CelSensitivityTests.StartAsync(Take("take", input, Template(template)), reload: false);
        harness.ShouldFinish();
        var taken = harness.World.Taken[input].ShouldBeAssignableTo<Sensitive>()!;
        JsonValues.ToJson(taken.GetType().GetMethod("Reveal")!.Invoke(taken, null)).ShouldContain("canary-5f0c1d");
        CelSensitivityTests.AssertUnseen(harness);
    }

    [Fact]
    public async Task The_expressions_of_a_template_share_one_limit()
    {
        var host = new ExpressionHost { CostLimit = 10_000 };
        const string Costly = "${inputs.items.map(a, a + a).size()}";
        var input = new Dictionary<string, object?> { ["items"] = Enumerable.Range(0, 900).Select(i => (object?)(long)i).ToArray() };
        var one = Of(Take("take", "text", Template(Costly)), ("inputs", Inputs(("items", "Object"))));
        var many = Of(Take("take", "text", Template(string.Concat(Enumerable.Repeat(Costly, 10)))), ("inputs", Inputs(("items", "Object"))));

        (await new Harness { Host = host }.StartAsync(one, input)).ShouldFinish();
        (await new Harness { Host = host }.StartAsync(many, input)).ShouldFault("take").Message
            .ShouldBe("Input 'Text': The expression does more work than one evaluation may (10,000 units). Make its lists or texts smaller, or spread it over several activities.");
    }

    [Fact]
    public async Task The_text_of_a_template_has_a_limit()
    {
        var host = new ExpressionHost { MaxInputLength = 1_000 };
        var story = Of(Take("take", "text", Template("${inputs.text} ${inputs.text}")), ("inputs", Inputs(("text", "String"))));
        (await new Harness { Host = host }.StartAsync(story, new() { ["text"] = new string('x', 600) })).ShouldFault("take").Message
            .ShouldBe("Input 'Text': The template makes more than 1,000 characters. Put less into it.");
    }
}
