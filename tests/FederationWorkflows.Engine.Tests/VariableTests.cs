using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

public sealed class VariableTests
{
    [Theory, BothWays]
    public async Task The_nearest_declaration_of_a_name_wins_and_siblings_do_not_see_each_other(bool reload)
    {
        var inner = Sequence("inner", SetVariable("set", "v2", Literal("inner")), LineOf("a", "v")).With("variables", Declared("v2", "v", "String", null));
        var story = Of(Sequence("s", inner, LineOf("b", "v")), ("variables", Declared("v1", "v", "String", "outer")));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("inner outer");
    }

    [Theory, BothWays]
    public async Task A_reference_means_an_id_first_and_a_name_where_no_id_matches(bool reload)
    {
        var inner = Sequence("inner", LineOf("a", "x"), LineOf("b", "y")).With("variables", Declared("i", "x", "String", "named x"));
        var story = Of(inner, ("variables", new JsonArray(
            new JsonObject { ["id"] = "x", ["name"] = "other", ["typeName"] = "String", ["value"] = "id x" },
            new JsonObject { ["id"] = "z", ["name"] = "y", ["typeName"] = "String", ["value"] = "named y" })));
        (await new Harness(reload).StartAsync(story)).ShouldFinish().ShouldWrite("id x named y");
    }

    [Fact]
    public void A_variable_of_a_sibling_is_not_in_scope()
    {
        var story = Of(Sequence("s", Sequence("one").With("variables", Variables(("v", "String", null))), LineOf("l", "v")));
        var problem = Harness.Compile(story).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("invalid-expression");
        problem.Message.ShouldBe("Input 'Text': There is no variable 'v' in scope here. Declare it under \"variables\".");
    }

    [Theory, BothWays]
    public async Task Variables_keep_their_values_while_the_run_waits_whatever_their_storage_driver(bool reload)
    {
        var variables = new JsonArray();
        foreach (var driver in new[] { null, "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core", "Elsa.Workflows.WorkflowStorageDriver, Elsa.Workflows.Core", "Elsa.Workflows.MemoryStorageDriver, Elsa.Workflows.Core" })
        {
            var id = $"v{variables.Count}";
            variables.Add(new JsonObject { ["id"] = id, ["name"] = id, ["typeName"] = "String", ["storageDriverTypeName"] = driver });
        }

        var sets = Enumerable.Range(0, 4).Select(i => SetVariable($"set{i}", $"v{i}", Literal($"kept{i}")));
        var lines = Enumerable.Range(0, 4).Select(i => LineOf($"l{i}", $"v{i}"));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", [.. sets, Wait("w"), .. lines]), ("variables", variables)));
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("kept0 kept1 kept2 kept3");
    }

    [Theory]
    [InlineData("String", null, "")]
    [InlineData("Int32", null, "0")]
    [InlineData("Int32", "", "0")]
    [InlineData("Int64", "9007199254740993", "9007199254740993")]
    [InlineData("Boolean", "true", "true")]
    [InlineData("Decimal", "1.10", "1.10")]
    [InlineData("Double", "NaN", "NaN")]
    [InlineData("DateTimeOffset", "2026-01-31T12:00:00+02:00", "2026-01-31T12:00:00.0000000+02:00")]
    [InlineData("TimeSpan", "00:00:30", "00:00:30")]
    [InlineData("Guid", "0a1b2c3d-0000-0000-0000-000000000001", "0a1b2c3d-0000-0000-0000-000000000001")]
    [InlineData("Byte[]", "AQID", "AQID")]
    [InlineData("JsonElement", null, "")]
    [InlineData("JsonElement", "", "")]
    [InlineData("Object", "[1,2]", "[1,2]")]
    [InlineData("ObjectDictionary", "{\"a\":1}", "{\"a\":1}")]
    [InlineData("ObjectArray", "[\"a\",1]", "[\"a\",1]")]
    [InlineData("System.String, System.Private.CoreLib", "x", "x")]
    [InlineData("Acme.Thing, Acme", "x", "x")]
    public async Task Every_type_has_a_default_and_survives_being_saved(string type, string? value, string text)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await new Harness(reload).StartAsync(Of(Sequence("s", Wait("w"), LineOf("l", "v")), ("variables", Variables(("v", type, value)))));
            harness.ShouldWait();
            harness.Reload();
            (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite(text);
        }
    }

    [Theory]
    [InlineData("Int32", "\"7\"", "7")]
    [InlineData("String", "7", "7")]
    [InlineData("Boolean", "null", "false")]
    [InlineData("String", "null", "")]
    [InlineData("JsonElement", "null", "")]
    [InlineData("JsonElement", "{\"a\":1}", "{\"a\":1}")]
    public async Task SetVariable_converts_to_the_variables_type(string type, string value, string text)
    {
        foreach (var reload in new[] { false, true })
        {
            var story = Of(Sequence("s", SetVariable("set", "v", Literal(JsonNode.Parse(value))), Wait("w"), LineOf("l", "v")), ("variables", Variables(("v", type, null))));
            var harness = await new Harness(reload).StartAsync(story);
            harness.ShouldWait();
            (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite(text);
        }
    }

    [Theory, BothWays]
    public async Task A_value_that_does_not_fit_the_variable_faults(bool reload)
    {
        var story = Of(SetVariable("set", "v", Literal("seven")), ("variables", Variables(("v", "Int32", null))));
        (await new Harness(reload).StartAsync(story)).ShouldFault("set").Message.ShouldBe("Variable 'v' must be a whole number, and is the text 'seven'.");
    }

    [Theory, BothWays]
    public async Task What_an_activity_sets_while_it_awaits_takes_effect_when_it_returns(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = async context =>
        {
            await Task.Yield();
            context.SetVariable("v", 1);
            context.SetVariable("v", context.GetVariable<int>("v") + 1);
        };
        (await harness.StartAsync(Of(Sequence("s", Do("d"), LineOf("l", "v")), ("variables", Variables(("v", "Int32", null)))))).ShouldFinish().ShouldWrite("2");
    }

    [Fact]
    public async Task What_a_failing_activity_set_while_it_awaited_is_not_taken_over()
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = async context =>
        {
            await Task.Yield();
            context.SetVariable("v", 1);
            throw new InvalidOperationException("no");
        };
        var story = Of(Parallel("p", Do("d"), Sequence("s", Call("c"), LineOf("l", "v"))), ("variables", Variables(("v", "Int32", null))));
        harness.World.Gate("c").SetResult(null);
        (await harness.StartAsync(story)).ShouldFault("d");
        harness.ShouldWrite("0");
    }

    [Theory, BothWays]
    public async Task More_than_64_variables_are_kept(bool reload)
    {
        var variables = Variables([.. Enumerable.Range(0, 70).Select(i => ($"v{i}", "Int32", (string?)"0"))]);
        var sets = Enumerable.Range(0, 70).Select(i => SetVariable($"set{i}", $"v{i}", Literal(i)));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", [.. sets, Wait("w"), LineOf("a", "v62"), LineOf("b", "v63"), LineOf("c", "v69")]), ("variables", variables)));
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("62 63 69");
    }

    [Theory, BothWays]
    public async Task The_variables_of_a_container_leave_the_state_with_it(bool reload)
    {
        var inner = Sequence("inner", Wait("w1")).With("variables", Variables(("v", "String", "here")));
        var harness = await new Harness(reload).StartAsync(Of(Sequence("s", inner, Wait("w2"))));
        harness.SavedText.ShouldContain("here");
        await harness.ResumeAsync("w1");
        harness.SavedText.ShouldNotContain("here");
    }

    [Theory, BothWays]
    public async Task Values_nested_as_deep_as_json_may_be_survive_being_saved(bool reload)
    {
        var deep = JsonValues.Parse(new string('[', JsonValues.MaxDepth) + new string(']', JsonValues.MaxDepth));
        var harness = await new Harness(reload).StartAsync(
            Of(Sequence("s", SetVariable("set", "v", Input("i")), Wait("w")), ("inputs", Inputs(("i", "Object"))), ("variables", Variables(("v", "Object", null)))),
            new() { ["i"] = deep },
            payload: deep);
        harness.Reload();
        ((JsonElement)harness.Run.Variables[0]!).GetRawText().Length.ShouldBe(2 * JsonValues.MaxDepth);
        (await harness.ResumeAsync("w")).ShouldFinish();
    }

    [Theory]
    [InlineData("variable", "Variable 'v' must not nest deeper than 128 levels.")]
    [InlineData("result", "Output 'Result' must not nest deeper than 128 levels.")]
    [InlineData("output", "Workflow output 'o' must not nest deeper than 128 levels.")]
    [InlineData("secret", "Variable 'v' must not nest deeper than 128 levels.")]
    public async Task A_value_that_nests_too_deep_to_be_saved_faults_the_activity(string way, string message)
    {
        var harness = new Harness();
        harness.World.Scripts["d"] = context =>
        {
            var list = new List<object?>();
            list.Add(way == "output" ? new Dictionary<string, object?> { ["again"] = list } : list);
            switch (way)
            {
                case "variable":
                    context.SetVariable("v", list);
                    break;
                case "secret":
                    context.SetVariable("v", Sensitive.Of<object>(list));
                    break;
                case "result":
                    context.SetResult(list);
                    break;
                default:
                    context.SetWorkflowOutput("o", list);
                    break;
            }

            return ValueTask.CompletedTask;
        };
        (await harness.StartAsync(Of(Do("d"), ("variables", Variables(("v", "Object", null)))))).ShouldFault("d").Message.ShouldBe(message);
    }

    [Theory, BothWays]
    public async Task Text_that_is_not_well_formed_can_be_saved(bool reload)
    {
        var harness = new Harness(reload);
        harness.World.Scripts["d"] = context =>
        {
            context.SetVariable("v", "a\ud800b");
            return ValueTask.CompletedTask;
        };
        var story = Of(Sequence("s", Do("d"), Wait("w"), LineOf("l", "v")), ("variables", Variables(("v", "String", null))));
        await harness.StartAsync(story);
        harness.Reload();
        (await harness.ResumeAsync("w")).ShouldFinish().ShouldWrite("a\ufffdb");
    }

    private static JsonArray Declared(string id, string name, string type, string? value) =>
        new(new JsonObject { ["id"] = id, ["name"] = name, ["typeName"] = type, ["value"] = value });
}

public sealed class OutputTests
{
    [Theory, BothWays]
    public async Task An_output_is_captured_by_a_variable_or_by_a_workflow_output(bool reload)
    {
        var story = Of(
            Sequence("s", Wait("w1").With("result", Captured("v")), LineOf("l", "v"), Wait("w2").With("result", Captured("answer"))),
            ("variables", Variables(("v", "Int32", null))),
            ("outputs", Inputs(("answer", "String"))));
        var harness = await new Harness(reload).StartAsync(story);
        await harness.ResumeAsync("w1", "7");
        (await harness.ResumeAsync("w2", 8L)).ShouldFinish().ShouldWrite("7");
        harness.Run.Output["answer"].ShouldBe("8");
    }

    [Theory, BothWays]
    public async Task Null_is_a_value_and_overwrites(bool reload)
    {
        var story = Of(Sequence("s", Wait("w").With("result", Captured("v")), LineOf("l", "v")), ("variables", Variables(("v", "String", "before"))));
        var harness = await new Harness(reload).StartAsync(story);
        (await harness.ResumeAsync("w", null)).ShouldFinish().ShouldWrite("");
    }

    [Theory, BothWays]
    public async Task An_output_that_does_not_fit_its_variable_faults_the_activity_and_names_both(bool reload)
    {
        var story = Of(Wait("w").With("result", Captured("v")), ("variables", Variables(("v", "Int32", null))));
        var harness = await new Harness(reload).StartAsync(story);
        (await harness.ResumeAsync("w", "seven")).ShouldFault("w").Message.ShouldBe("Output 'Result' does not fit variable 'v': it must be a whole number, and is the text 'seven'.");
    }

    [Fact]
    public void An_output_captured_by_nothing_known_is_refused()
    {
        var story = Of(Wait("w").With("result", Captured("counte")), ("variables", Variables(("counter", "Int32", null))));
        var problem = Harness.Compile(story).Problems.ShouldHaveSingleItem();
        problem.Code.ShouldBe("unknown-variable");
        problem.Path.ShouldBe("$.root.result.memoryReference.id");
        problem.Message.ShouldBe("Output 'Result' is captured by 'counte', which is neither a variable in scope nor a workflow output. Did you mean 'counter'?");
    }

    [Theory, BothWays]
    public async Task The_latest_outputs_of_each_activity_stay_readable_for_the_whole_run(bool reload)
    {
        var story = Of(For("for", 1, 2, Sequence("b", Wait("w"), Turns("t", "A,A"), Activity("Elsa.WriteLine", "l", ("text", Expression("Test", "output w"))))));
        var harness = await new Harness(reload).StartAsync(story);
        await harness.ResumeAsync("w", "one");
        harness.Reload();
        (await harness.ResumeAsync("w", "two")).ShouldFinish().ShouldWrite("one two");
    }

    [Theory, BothWays]
    public async Task An_activity_that_has_not_run_has_no_outputs(bool reload) =>
        (await new Harness(reload).StartAsync(Of(Sequence("s", Activity("Elsa.WriteLine", "l", ("text", Expression("Test", "output w"))), Wait("w"))))).ShouldWait().ShouldWrite("");
}
