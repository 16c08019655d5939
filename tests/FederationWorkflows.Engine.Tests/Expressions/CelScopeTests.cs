using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>What an expression of a story can name.</summary>
public sealed class CelScopeTests
{
    /// <summary>Expressions, and the JSON they give over <see cref="Rich"/>.</summary>
    public static TheoryData<string, string> Names => new()
    {
        // Variables, by name and by id; whole, and parts of them.
        { "variables.count + 1", "4" },
        { "variables.total", "3" },
        { "variables['count']", "3" },
        { "variables['a b']", "\"spaced\"" },
        { "variables.`x-y`", "\"dashed\"" },
        { "variables['x-y']", "\"dashed\"" },
        { "variables.object.list[1].name", "\"two\"" },
        { "variables.object.list.map(item, item.name)", "[\"one\",\"two\"]" },
        { "variables.object", """{"list":[{"name":"one"},{"name":"two"}],"none":null}""" },
        { "variables.empty", "null" },
        { "variables.empty == null", "true" },
        { "default(variables.empty, 'nothing')", "\"nothing\"" },
        { "variables.object.none == null", "true" },
        { "has(variables.object.none)", "true" },
        { "has(variables.object.missing)", "false" },
        { "variables.object.?missing.orValue('other')", "\"other\"" },
        { "default(variables.object.missing.deeper, 'other')", "\"other\"" },
        { "size(variables)", "7" },
        { "'count' in variables", "true" },
        { "variables.exists(name, name == 'a b')", "true" },
        { "variables[variables.pointer]", "3" },

        // Inputs, given and not.
        { "inputs.given", "\"here\"" },
        { "inputs['some input']", "[1,2]" },
        { "inputs.missing", "null" },
        { "default(inputs.missing, 'x')", "\"x\"" },
        { "has(inputs.given)", "true" },
        { "has(inputs.missing)", "false" },
        { "inputs.?missing.orValue('x')", "\"x\"" },
        { "inputs.?given.orValue('x')", "\"here\"" },

        // Outputs.
        { "activities.ask.result.statusCode", "200" },
        { "activities['ask']['result']['statusCode']", "200" },
        { "activities.ask.result.headers.etag", "\"e1\"" },
        { "activities.ask.result.headers['etag']", "\"e1\"" },
        { "activities.ask.result.parts[0].name", "\"first\"" },
        { "activities.ask.result.parts[0].content == b'\\x01\\x02\\x03'", "true" },
        { "activities.ask.result.at.getFullYear()", "2026" },
        { "activities.ask.result.?missing.orValue(0)", "0" },
        { "activities.measure.itemCount", "7" },
        { "activities.measure.ItemCount", "7" },
        { "activities.measure.result", "7" },
        { "activities.measure", """{"itemCount":7,"result":7}""" },
        { "activities.later.result", "null" },
        { "activities.later", "{}" },
        { "default(activities.later.result.name, 'not yet')", "\"not yet\"" },
        { "has(activities.ask.result)", "true" },
        { "has(activities.later.result)", "false" },
        { "has(activities.later)", "false" },
        { "activities.?later.?result.orValue('not yet')", "\"not yet\"" },
        { "activities.size()", "3" },

        // What started the run, and the run.
        { "trigger.body.id", "17" },
        { "trigger.headers['x-kind']", "\"test\"" },
        { "trigger.?nothing.orValue('none')", "\"none\"" },
        { "run.id", "\"run\"" },
        { "run.definitionId", "\"story\"" },
        { "run.revision.size()", "64" },
        { "run.correlationId", "null" },
        { "run.startedAt == timestamp('2026-01-31T12:00:00Z')", "true" },
        { "run.map(name, name).sort()", """["correlationId","definitionId","id","revision","startedAt"]""" },
    };

    [Theory, MemberData(nameof(Names))]
    public async Task Every_name_is_read_also_after_the_run_was_saved(string expression, string json)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await StartAsync(Rich(Take("take", "anything", Formula(expression))), reload);
            harness.ShouldFinish();
            JsonValues.ToJson(harness.World.Taken["anything"]).ShouldBe(json, expression);
        }
    }

    [Theory, BothWays]
    public async Task The_innermost_variable_of_a_name_is_meant_and_an_id_before_a_name(bool reload)
    {
        var inner = Sequence("inner", Activity("Elsa.WriteLine", "a", ("text", Formula("variables.v + variables.x"))))
            .With("variables", new JsonArray(Declared("v2", "v", "inner "), Declared("i", "x", "named x")));
        var story = Of(Sequence("s", inner, Activity("Elsa.WriteLine", "b", ("text", Formula("variables.v")))), ("variables", new JsonArray(Declared("v1", "v", "outer"), Declared("x", "other", "id x"))));

        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("inner id x outer");
    }

    [Theory, BothWays]
    public async Task The_variables_of_a_loop_are_those_of_its_round(bool reload)
    {
        var line = Activity("Elsa.WriteLine", "l", ("text", Formula("variables.CurrentValue.name + string(variables.CurrentIndex)")));
        (await new Harness(reload).StartAsync(Of(ForEach("each", """[{"name":"a"},{"name":"b"}]""", line)))).ShouldFinish().ShouldWrite("a0 b1");
    }

    [Theory, BothWays]
    public async Task An_output_is_the_one_of_the_latest_execution(bool reload)
    {
        var body = Sequence("body", Take("t", "anything", Formula("activities.wait.result")), Wait("wait"), Activity("Elsa.WriteLine", "l", ("text", Formula("'got ' + activities.wait.result"))));
        var harness = await new Harness(reload).StartAsync(Of(For("for", 1, 2, body)));
        harness.World.Taken["anything"].ShouldBeNull();
        await harness.ResumeAsync("wait", "one");
        harness.World.Taken["anything"].ShouldBe("one");
        (await harness.ResumeAsync("wait", "two")).ShouldFinish().ShouldWrite("got one got two");
    }

    [Theory, BothWays]
    public async Task A_variable_or_output_that_is_the_whole_expression_stays_the_value_it_is(bool reload)
    {
        foreach (var expression in new[] { "activities.ask.result", "variables.reply", "true ? variables.reply : null", "default(variables.reply, 1)" })
        {
            var story = Of(
                Sequence("s", Activity("Test.Ask", "ask", ("result", Captured("reply"))), Take("take", "reply", Formula(expression))),
                ("variables", Variables(("reply", "Object", null))));
            var harness = await new Harness(reload).StartAsync(story);

            harness.ShouldFinish();
            harness.World.Taken["reply"].ShouldBeOfType<Reply>(expression).Token.Reveal().ShouldBe(Ask.Canary);
        }
    }

    [Theory, BothWays]
    public async Task The_clock_and_new_ids_are_the_hosts(bool reload)
    {
        var time = new FakeTime();
        time.Advance(TimeSpan.FromDays(1));
        var ids = 0;
        var host = new ExpressionHost { TimeProvider = time, NewId = () => new Guid(++ids, 0, 0, new byte[8]) };
        var story = Of(Activity("Elsa.WriteLine", "l", ("text", Formula("string(now()) + ' ' + uuid() + ' ' + uuid() + ' ' + string(now() - run.startedAt)"))));

        (await new Harness(reload) { Host = host }.StartAsync(story)).ShouldFinish()
            .ShouldWrite("2026-02-01T12:00:00Z 00000001-0000-0000-0000-000000000000 00000002-0000-0000-0000-000000000000 86400s");
    }

    [Fact]
    public async Task Without_a_trigger_there_is_null()
    {
        var harness = await new Harness().StartAsync(Of(Take("take", "anything", Formula("trigger == null"))));
        harness.World.Taken["anything"].ShouldBe(true);
    }

    /// <summary>A story in which most names are something, around one activity.</summary>
    internal static JsonObject Rich(JsonNode last) => Of(
        Flowchart(
            "flow",
            [Activity("Test.Event", "event").WithCustom("canStartWorkflow", true), Activity("Test.Ask", "ask"), Activity("Test.Measure", "measure"), Sequence("s", last), Wait("later")],
            "event -> ask -> measure -> s"),
        ("variables", new JsonArray(
            Variable("total", "count", "Int32", "3"),
            Variable("v2", "a b", "String", "spaced"),
            Variable("v3", "x-y", "String", "dashed"),
            Variable("v4", "object", "Object", JsonNode.Parse("""{"list":[{"name":"one"},{"name":"two"}],"none":null}""")),
            Variable("v5", "empty", "Object", null),
            Variable("v6", "pointer", "String", "count"),
            Variable("v7", "flag", "Boolean", "true"))),
        ("inputs", Inputs(("given", "String"), ("missing", "String"), ("some input", "Object"))));

    internal static async Task<Harness> StartAsync(JsonObject story, bool reload, ExpressionHost? host = null)
    {
        var harness = host is null ? new Harness(reload) : new Harness(reload) { Host = host };
        return await harness.StartAsync(
            story,
            new() { ["given"] = "here", ["some input"] = JsonValues.Parse("[1,2]") },
            trigger: "event",
            payload: new Dictionary<string, object?> { ["body"] = JsonValues.Parse("""{"id":17}"""), ["headers"] = new Dictionary<string, object?> { ["x-kind"] = "test" } });
    }

    private static JsonObject Declared(string id, string name, string value) => Variable(id, name, "String", value);

    private static JsonObject Variable(string id, string name, string type, JsonNode? value) => new() { ["id"] = id, ["name"] = name, ["typeName"] = type, ["value"] = value };
}
