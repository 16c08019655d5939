using System.Text;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Attacks;

/// <summary>An author may compute whatever he likes from a secret: it is nowhere to be seen, in pieces neither.</summary>
public sealed class ExpressionSecrecyTests
{
    private const string Canary = "7341-canary";

    public static TheoryData<string, string, string> Shown => new()
    {
        { "Elsa.SetOutput", "outputName", "inputs.i" },
        { "Elsa.For", "start", "int(inputs.i.substring(0, 4))" },
        { "Elsa.For", "end", "int(inputs.i.substring(0, 4))" },
        { "Elsa.For", "step", "int(inputs.i.substring(0, 4))" },
        { "Elsa.Delay", "timeSpan", "'0:00:' + inputs.i.substring(0, 1)" },
        { "Elsa.StartAt", "dateTime", "timestamp(int(inputs.i.substring(0, 4)))" },
        { "Elsa.Timer", "interval", "'0:00:' + inputs.i.substring(0, 1)" },
        { "Elsa.Cron", "cronExpression", "inputs.i.substring(0, 1) + ' * * * *'" },
        { "Elsa.Event", "eventName", "inputs.i" },
    };

    [Theory, MemberData(nameof(Shown))]
    public async Task What_everybody_sees_of_a_run_is_not_made_of_a_secret(string type, string input, string expression)
    {
        var harness = await StartAsync(Activity(type, "x", (input, Expression("CEL", expression)), ("outputValue", Literal("v")), ("body", Line("b"))));
        harness.ShouldFault("x").Message.ShouldBe($"Input '{char.ToUpperInvariant(input[0]) + input[1..]}' was given a secret, but {type} would show it to others. Give it a value that is not secret.");
        SeenOf(harness).ShouldNotContain("7341");
    }

    [Fact]
    public async Task A_fault_does_not_tell_one_in_its_message()
    {
        (await StartAsync(Activity("Elsa.Fault", "x", ("message", Expression("CEL", "inputs.i.substring(0, 4)"))))).ShouldFault("x").Message.ShouldBe("***");
    }

    [Theory]
    [InlineData("CEL", "inputs.i.substring(0, 4)")]
    [InlineData("CEL", "inputs.i.substring(3, 4)")]
    [InlineData("Template", "${inputs.i.substring(0, 4)}")]
    public async Task A_short_piece_that_an_error_quotes_hides_the_message(string type, string expression) =>
        (await StartAsync(Fail("x", Expression(type, expression)))).ShouldFault("x").Message.ShouldBe("The message is not shown: it may quote a secret that the activity was given.");

    [Theory]
    [InlineData("lists.range(int(inputs.i.substring(0, 4)))[9999]", "Index out of range: elements are counted from 0.")]
    [InlineData("lists.range(int(inputs.i.substring(0, 4))).slice(0, 9999)", "Slice() needs 0 <= start <= end <= the size of the list.")]
    [InlineData("lists.zip([], lists.range(int(inputs.i.substring(0, 4))))", "Lists.zip() takes two lists of one size.")]
    [InlineData("json.parse(lists.range(int(inputs.i.substring(0, 4))).map(x, ' ').join() + 'x')", "Json.parse(): the text is not valid JSON.")]
    [InlineData("regex.replace('a', 'a', '\\\\' + inputs.i.substring(0, 1))", "The replacement names a group that the regular expression does not have.")]
    [InlineData("('%' + inputs.i.substring(5, 6)).format([true])", "Could not format a value with the clause that stands for it.")]
    [InlineData("{inputs.i: 1}['x']", "No such key; test with has() or use '.?' where it may be missing.")]
    [InlineData("{'x': 1}[inputs.i]", "No such key; test with has() or use '.?' where it may be missing.")]
    [InlineData("int(inputs.i)", "Type conversion error: a int is written as a whole number such as 42; this is not.")]
    [InlineData("[{7341: 1, inputs.i.substring(0, 4): 2}]", "Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both.")]
    public async Task An_error_about_one_tells_nothing_of_it(string expression, string message)
    {
        var harness = await StartAsync(Line("l").With("text", Expression("CEL", expression)));
        var seen = harness.ShouldFault("l").Message;
        seen.ShouldStartWith($"Input 'Text': {message}");
        if (!expression.Contains("7341", StringComparison.Ordinal))
        {
            seen.ShouldNotContain("7341");
        }
    }

    [Theory]
    [InlineData("inputs.i == '7341-canary' ? 'yes' : 'no'", "yes")]
    [InlineData("has(inputs.i) || true ? inputs.i : ''", Canary)]
    [InlineData("[1].map(x, inputs.i)[0]", Canary)]
    [InlineData("cel.bind(a, inputs.i, [a].filter(x, x != ''))[0]", Canary)]
    [InlineData("default(optional.of(inputs.i), 'none')", Canary)]
    [InlineData("optional.of(inputs.i).optMap(x, x).orValue('')", Canary)]
    [InlineData("{inputs.i: 1}.map(k, k)[0]", Canary)]
    [InlineData("[inputs.i].groupBy(x, x).map(k, k)[0]", Canary)]
    [InlineData("'%s'.format([inputs])", "canary")]
    [InlineData("json.render(inputs)", "canary")]
    [InlineData("inputs.filter(k, k == 'i').map(k, inputs[k])[0]", Canary)]
    [InlineData("inputs.transformList(k, v, v)[0]", Canary)]
    [InlineData("string(size(inputs.i))", "11")]
    [InlineData("hex.encode(hash.sha256(inputs.i))", "3")]
    [InlineData("string(1 / 0 == 1 || inputs.i != '')", "true")]
    public async Task Whatever_is_computed_from_one_is_written_as_a_mask(string expression, string clear)
    {
        var harness = await StartAsync(Sequence("q", SetVariable("set", "v", Expression("CEL", expression)), LineOf("l", "v"), Wait("w")), ("variables", Variables(("v", "Object", null))));
        harness.ShouldWait();
        harness.Lines.ShouldBe(["***"]);
        SeenOf(harness).ShouldNotContain(clear == "3" || clear == "11" || clear == "yes" || clear == "true" ? Canary : clear);
        harness.Run.Variables[0].ShouldBeAssignableTo<Sensitive>();
    }

    private static async Task<Harness> StartAsync(System.Text.Json.Nodes.JsonNode root, params (string, System.Text.Json.Nodes.JsonNode?)[] top) =>
        await new Harness().StartAsync(Of(root, [.. top, ("inputs", Inputs(("i", "Secret")))]), new() { ["i"] = Canary });

    private static string SeenOf(Harness harness)
    {
        var seen = new StringBuilder(harness.SavedText).Append(harness.Output).Append(harness.Run.Name).Append(JsonValues.ToJson(harness.Run.Output));
        foreach (var entry in harness.Journal)
        {
            seen.Append(entry.Message).Append(JsonValues.ToJson(entry.Inputs)).Append(JsonValues.ToJson(entry.Outputs)).Append(entry.Details).Append(JsonValues.ToJson(entry.Details?.Data));
        }

        return harness.Run.Incidents.Aggregate(seen, (text, incident) => text.Append(incident).Append(JsonValues.ToJson(incident))).ToString();
    }
}
