using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>What comes from a secret is one, whatever an expression does with it, and no error quotes it.</summary>
public sealed class CelSensitivityTests
{
    private const string Canary = "canary-5f0c1d";

    private const string Token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnktNWYwYzFkIiwibiI6MX0.c2ln";

    /// <summary>Expressions over a secret, and what they give.</summary>
    public static TheoryData<string, string> Operations => new()
    {
        { "secrets.key", Quoted(Canary) },
        { "secrets['key']", Quoted(Canary) },
        { "secrets['other key']", "\"second\"" },
        { "'Bearer ' + secrets.key", Quoted("Bearer " + Canary) },
        { "secrets.key.upperAscii()", "\"CANARY-5F0C1D\"" },
        { "secrets.key.size()", "13" },
        { "secrets.key == 'x'", "false" },
        { "secrets.key.startsWith('canary')", "true" },
        { "secrets.key.split('-')", """["canary","5f0c1d"]""" },
        { "secrets.key.matches('^c')", "true" },
        { "regex.replace(secrets.key, '-.*', '')", "\"canary\"" },
        { "double(secrets.key.size())", "13" },
        { "bytes(secrets.key)", "\"" + Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)) + "\"" },
        { "hash.sha256(secrets.key)", "\"" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Canary))) + "\"" },
        { "hex.encode(hmac.sha256(secrets.key, 'x')).size()", "64" },
        { "[1, secrets.key]", "[1," + Quoted(Canary) + "]" },
        { "{'a': {'b': secrets.key}}", """{"a":{"b":"canary-5f0c1d"}}""" },
        { "{'a': secrets.key}.a", Quoted(Canary) },
        { "[secrets.key].map(x, x.size())", "[13]" },
        { "[1, 2].filter(n, n < secrets.key.size())", "[1,2]" },
        { "[1].map(n, secrets.key)", "[" + Quoted(Canary) + "]" },
        { "secrets.key == '' ? 1 : 2", "2" },
        { "cel.bind(k, secrets.key, k + k).size()", "26" },
        { "json.render({'k': secrets.key})", "\"{\\\"k\\\":\\\"canary-5f0c1d\\\"}\"" },
        { "json.parse('{\"k\":\"' + secrets.key + '\"}').k", Quoted(Canary) },
        { "jwt.unverifiedClaims(secrets.jwt).sub", Quoted(Canary) },
        { "url.encode(secrets.key)", Quoted(Canary) },
        { "'%s' .format([secrets.key])", Quoted(Canary) },
        { "optional.of(secrets.key).orValue('')", Quoted(Canary) },
        { "default(secrets.key, '')", Quoted(Canary) },
        { "secrets.key != '' || variables.v == 'x'", "true" },
        { "duration(string(secrets.key.size()) + 's')", "\"00:00:13\"" },
        { "timestamp('2026-01-0' + string(secrets.key.size() - 10) + 'T00:00:00Z')", "\"2026-01-03T00:00:00+00:00\"" },
        { "variables.s", Quoted(Canary) },
        { "variables.s + ''", Quoted(Canary) },
        { "'s' in variables && variables.map(name, variables[name]).exists(v, v == 'canary-5f0c1d')", "true" },
        { "inputs.i", Quoted(Canary) },
        { "inputs.i.split('-')[0]", "\"canary\"" },
        { "activities.ask.result.token", Quoted(Ask.Canary) },
        { "[activities.ask.result]", "[{\"statusCode\":200,\"headers\":{\"etag\":\"e1\"},\"token\":\"" + Ask.Canary + "\",\"parts\":[{\"name\":\"first\",\"content\":\"AQID\"}],\"at\":\"2026-02-03T04:05:06+00:00\"}]" },
        { "trigger.secret", Quoted(Canary) },
        { "secrets.key == '' ? null : null", "null" },
    };

    [Theory, MemberData(nameof(Operations))]
    public async Task The_result_of_every_operation_on_a_secret_is_one(string expression, string json)
    {
        foreach (var reload in new[] { false, true })
        {
            var harness = await StartAsync(Sequence("q", Take("take", "anything", Formula(expression)), SetVariable("keep", "v", Formula(expression)), Wait("w")), reload);
            harness.ShouldWait();
            var taken = harness.World.Taken["anything"].ShouldBeAssignableTo<Sensitive>(expression)!;
            JsonValues.ToJson(taken.GetType().GetMethod("Reveal")!.Invoke(taken, null)).ShouldBe(json);
            AssertUnseen(harness);
        }
    }

    [Theory]
    [InlineData("variables.open + 'x'")]
    [InlineData("variables.map(name, name)")]
    [InlineData("activities.ask.result.statusCode")]
    [InlineData("true || secrets.key == ''")]
    public async Task What_does_not_read_a_secret_is_none(string expression)
    {
        var harness = await StartAsync(Take("take", "anything", Formula(expression)), reload: false);
        harness.World.Taken["anything"].ShouldNotBeNull().ShouldNotBeAssignableTo<Sensitive>();
    }

    /// <summary>Expressions that fail on a secret, and what is said of it.</summary>
    public static TheoryData<string, string> Failures => new()
    {
        { "int(secrets.key)", "Input 'Anything': Type conversion error: an int is written as a whole number such as 42; this is not. (line 1, column 1 of the expression)\n  | int(secrets.key)\n  | ^" },
        { "{'a': 1}[secrets.key]", "Input 'Anything': No such key; test with has() or use '.?' where it may be missing. (line 1, column 9 of the expression)\n  | {'a': 1}[secrets.key]\n  |         ^" },
        { "json.parse(secrets.key)", "Input 'Anything': The text is not valid JSON. (line 1, column 6 of the expression)\n  | json.parse(secrets.key)\n  |      ^" },
        { "arn.parse(secrets.key)", "Input 'Anything': This is not an ARN: arn:partition:service:region:account:resource. (line 1, column 5 of the expression)\n  | arn.parse(secrets.key)\n  |     ^" },
        { "timestamp(secrets.key)", "" },
        { "duration(secrets.key)", "" },
        { "double(secrets.key)", "" },
        { "uint(secrets.key)", "" },
        { "bool(secrets.key)", "" },
        { "secrets.key.matches(secrets.key + '(')", "" },
        { "regex.extract('x', secrets.key + '[')", "" },
        { "('%d ' + secrets.key).format([secrets.key])", "" },
        { "('%' + secrets.key).format([1])", "" },
        { "now().format(secrets.key + '\\'')", "" },
        { "now().format('yyyy', secrets.key)", "" },
        { "now().getHours(secrets.key)", "" },
        { "ip(secrets.key)", "" },
        { "cidr(secrets.key)", "" },
        { "hex.decode(secrets.key)", "" },
        { "base64.decode(secrets.key + '!')", "" },
        { "base64url.decode(secrets.key + '!')", "" },
        { "jwt.unverifiedClaims(secrets.key)", "" },
        { "secrets.key.extract(secrets.key)", "" },
        { "dyn(secrets.key).name", "" },
        { "dyn(secrets.key) + 1", "" },
        { "dyn(secrets.key) < 1", "" },
        { "[1][secrets.key.size()]", "" },
        { "secrets.key.substring(100)", "" },
        { "secrets.key.charAt(100)", "" },
        { "json.parse('{\"' + secrets.key + '\":1}').missing", "" },
        { "{secrets.key: 1, inputs.i: 2}", "" },
        { "json.parse('[' + secrets.jwt + ']')", "" },
        { "string(bytes(secrets.key) + b'\\xff')", "" },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task No_error_quotes_a_secret(string expression, string message)
    {
        var harness = await StartAsync(Take("take", "anything", Formula(expression)), reload: false);
        var said = harness.ShouldFault("take").Message;
        if (message.Length > 0)
        {
            said.ShouldBe(message);
        }

        said.ShouldStartWith("Input 'Anything': ");
        AssertUnseen(harness);
    }

    [Theory]
    [InlineData("whole", "Input 'Whole' must be a whole number, and is a secret that is not.")]
    [InlineData("day", "Input 'Day' must be DayOfWeek, and is a secret that is not.")]
    [InlineData("map", "Input 'Map' must be ObjectDictionary, and is a secret that is not.")]
    public async Task A_secret_that_does_not_fit_an_input_is_not_quoted(string input, string message)
    {
        var harness = await StartAsync(Take("take", input, Formula("secrets.key + ''")), reload: false);
        harness.ShouldFault("take").Message.ShouldBe(message);
        AssertUnseen(harness);
    }

    [Theory, BothWays]
    public async Task Only_the_secrets_an_expression_names_are_asked_for_and_each_once(bool reload)
    {
        var vault = new Vault(("a", "1"), ("b", "2"), ("c", "3"));
        var story = Of(Take("take", "anything", Formula("secrets.a + secrets.a + secrets.b")));
        await new Harness(reload) { Host = new ExpressionHost { Secrets = vault } }.StartAsync(story);
        vault.Asked.ShouldBe(["a", "b"]);
    }

    [Theory]
    [InlineData("secrets.nope", "Input 'Anything': There is no secret 'nope'. Create it on the server, or correct its name in the story.")]
    [InlineData("default(secrets.nope, 'x')", "Input 'Anything': There is no secret 'nope'. Create it on the server, or correct its name in the story.")]
    public async Task A_missing_secret_is_named(string expression, string message)
    {
        var harness = await new Harness { Host = new ExpressionHost { Secrets = new Vault() } }.StartAsync(Of(Take("take", "anything", Formula(expression))));
        harness.ShouldFault("take").Message.ShouldBe(message);
    }

    [Fact]
    public async Task A_secret_that_is_not_read_need_not_exist()
    {
        var harness = await new Harness { Host = new ExpressionHost { Secrets = new Vault() } }.StartAsync(Of(Take("take", "anything", Formula("run.id == 'run' ? 'none' : secrets.nope"))));
        harness.World.Taken["anything"].ShouldBe("none");
    }

    [Theory]
    [InlineData("secrets")]
    [InlineData("has(secrets.key)")]
    [InlineData("secrets[variables.v]")]
    [InlineData("secrets.map(s, s)")]
    public void Secrets_are_read_by_their_names_only(string expression)
    {
        var story = Of(Take("take", "anything", Formula(expression)), ("variables", Variables(("v", "String", null))));
        Harness.Compile(story).Problems.ShouldHaveSingleItem().Message
            .ShouldStartWith("Input 'Anything': Secrets are read by their names, as secrets.name or secrets['a name']: which ones a story uses is known before it runs.");
    }

    [Fact]
    public async Task An_input_that_would_show_a_secret_refuses_what_was_made_of_one()
    {
        var harness = await StartAsync(Activity("Test.Send", "x", ("subject", Formula("'Key: ' + secrets.key"))), reload: false);
        harness.ShouldFault("x").Message.ShouldBe("Input 'Subject' was given a secret, but Test.Send would show it to others. Give it a value that is not secret.");
        AssertUnseen(harness);
    }

    internal static async Task<Harness> StartAsync(JsonNode step, bool reload)
    {
        var story = Of(
            Sequence("s", Activity("Test.Event", "event").WithCustom("canStartWorkflow", true), Activity("Test.Ask", "ask"), SetVariable("set", "s", Input("i")), step),
            ("variables", Variables(("s", "Secret", null), ("v", "Object", null), ("open", "String", "o"))),
            ("inputs", Inputs(("i", "Secret"))));
        var host = new ExpressionHost { Secrets = new Vault(("key", Canary), ("other key", "second"), ("jwt", Token)) };
        return await new Harness(reload) { Host = host }.StartAsync(
            story, new() { ["i"] = Canary }, trigger: "event", payload: new Dictionary<string, object?> { ["secret"] = Sensitive.Of(Canary) });
    }

    internal static void AssertUnseen(Harness harness)
    {
        var seen = new StringBuilder(harness.SavedText).Append(harness.Output).Append(JsonValues.ToJson(harness.Run.Output));
        foreach (var entry in harness.Journal)
        {
            seen.Append(entry.Message).Append(JsonValues.ToJson(entry.Inputs)).Append(JsonValues.ToJson(entry.Outputs)).Append(entry.Details).Append(JsonValues.ToJson(entry.Details?.Data));
        }

        foreach (var incident in harness.Run.Incidents)
        {
            seen.Append(incident).Append(JsonValues.ToJson(incident));
        }

        var text = seen.ToString();
        foreach (var canary in new[] { Canary, Ask.Canary, "5f0c1d", "5F0C1D", Token })
        {
            text.ShouldNotContain(canary);
            text.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(canary))[..8]);
        }
    }

    private static string Quoted(string text) => $"\"{text}\"";
}
