using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests;

/// <summary>Whatever comes in, the answer is a definition or a list of problems. Seeded: a failure repeats.</summary>
public sealed class DefinitionPropertyTests
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(1_000).WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(20_260_131, 7), FSharpOption<int>.None)));

    private static readonly string[] Stories = [.. new[]
    {
        Of(Flowchart("f", [Activity("Elsa.Start", "s"), Decision("d", true), Join("j", "WaitAll"), Line("l").Merging("Stream"), Turns("t", "A")], "s -> d", "d:True -> j -> l", "d:False -> t -> j"), ("variables", Variables(("v", "Int32", "7"), ("w", "Object", "[1]")))),
        Of(Sequence("s", For("for", 1, 3, LineOf("l", "CurrentValue")), ForEach("each", "[1,2]", Line("m")), If("i", Literal(true), Wait("w").With("result", Captured("v")), Line("e").WithCustom("timeout", "00:00:30"))), ("variables", Variables(("v", "String", null)))),
        Of(Activity("Elsa.Switch", "sw", ("cases", new JsonArray(Story.Case("A", true, Line("a")), Story.Case("B", null))), ("mode", Literal("MatchAny")), ("default", Fork("k", "WaitAny", Line("x"), SetVariable("set", "v", Input("i"))))), ("variables", Variables(("v", "Secret", null))), ("inputs", Inputs(("i", "Secret")))),
    }.Select(story => story.ToJsonString())];

    /// <summary>The words of the format, so that random JSON gets past the first check.</summary>
    private static readonly string[] Names = ["definitionId", "root", "type", "id", "version", "activities", "connections", "source", "target", "activity", "port", "variables", "name", "typeName", "value", "expression", "memoryReference", "result", "text", "cases", "condition", "label", "mode", "body", "start", "customProperties", "mergeMode", "timeout", "inputs", "outputs", "options", "items", "variable", "nodeId", ""];

    private static readonly string[] Texts = ["Elsa.Flowchart", "Elsa.Sequence", "Elsa.If", "Elsa.Switch", "Elsa.ForEach", "Elsa.FlowJoin", "Elsa.SetVariable", "Elsa.NotFoundActivity", "Literal", "Object", "Variable", "Input", "a", "b", "String", "Int32", "Secret", "JsonElement", "{\"id\":\"a\"}", "[", "", "\ud83d\ude00", "00:00:30", "-1", "Done"];

    [Fact]
    public void Random_json_gives_a_definition_or_problems() =>
        Prop.ForAll(Gen.Sized(size => RandomJson(Math.Min(size, 40), top: true)).ToArbitrary(), json => Survives(Encoding.UTF8.GetBytes(json?.ToJsonString() ?? "null"))).Check(Seeded);

    [Fact]
    public void Random_changes_to_good_stories_give_a_definition_or_problems() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => Survives(Mutate(new Random(seed)))).Check(Seeded);

    [Fact]
    public void Random_bytes_give_problems() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf().ToArbitrary(), bytes => Survives(bytes)).Check(Seeded);

    private static bool Survives(byte[] json)
    {
        CompilationResult result;
        try
        {
            result = Harness.Compiler.Compile(json);
            result.Require();
        }
        catch (DefinitionException e)
        {
            e.Problems.ShouldNotBeEmpty();
            e.Problems.ShouldAllBe(problem => problem.Path.StartsWith('$') && problem.Line > 0 && problem.Column > 0 && problem.Message.Length > 0);
            return true;
        }

        // What compiles can be compiled again from what was kept, to the same.
        var again = DefinitionParser.Parse(result.Workflow!.Definition.Json);
        again.Revision.ShouldBe(result.Workflow.Definition.Revision);
        return true;
    }

    private static Gen<JsonNode?> RandomJson(int size, bool top = false)
    {
        var leaf = Gen.OneOf(
            Gen.Elements(Texts).Select(text => (JsonNode?)JsonValue.Create(text)),
            Gen.Choose(-3, 300).Select(number => (JsonNode?)JsonValue.Create(number)),
            Gen.Elements(true, false).Select(flag => (JsonNode?)JsonValue.Create(flag)),
            Gen.Constant((JsonNode?)null));
        if (size <= 0)
        {
            return leaf;
        }

        var members =
            from count in Gen.Choose(0, 6)
            from names in Gen.Elements(Names).ArrayOf(count)
            from values in RandomJson(size / 4).ArrayOf(count)
            select (JsonNode?)new JsonObject(names.Zip(values).DistinctBy(pair => pair.First).Select(pair => KeyValuePair.Create(pair.First, (JsonNode?)pair.Second)));
        var activity = members.SelectMany(node => Gen.Elements(Texts).Select(type =>
        {
            node!["type"] = type;
            node["id"] ??= "x" + type;
            return (JsonNode?)node;
        }));
        if (top)
        {
            return activity.Select(root => (JsonNode?)new JsonObject { ["definitionId"] = "d", ["root"] = root });
        }

        var items = from count in Gen.Choose(0, 4) from values in RandomJson(size / 4).ArrayOf(count) select (JsonNode?)new JsonArray(values);
        return Gen.OneOf(leaf, members, activity, items);
    }

    private static byte[] Mutate(Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(Stories[random.Next(Stories.Length)]).ToList();
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(new[] { "null", "[]", "{}", "\"\"", "\\ud800", "1e999", ",", "-" }[random.Next(8)]));
                    break;
                default:
                    try
                    {
                        Replace(bytes, random);
                    }
                    catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
                    {
                        // An earlier change left no JSON to change further.
                    }

                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts another value in the place of one: the document stays JSON.</summary>
    private static void Replace(List<byte> bytes, Random random)
    {
        var story = JsonNode.Parse(bytes.ToArray());
        var places = new List<JsonNode>();
        Collect(story, places);
        if (places.Count > 0)
        {
            var place = places[random.Next(places.Count)];
            JsonNode? value = random.Next(6) switch { 0 => null, 1 => new JsonArray((JsonNode?)null), 2 => new JsonObject(), 3 => random.Next(-5, 5), 4 => Texts[random.Next(Texts.Length)], _ => true };
            if (place is JsonObject map && map.Count > 0)
            {
                map[map.ElementAt(random.Next(map.Count)).Key] = value;
            }
            else if (place is JsonArray list)
            {
                list.Insert(random.Next(list.Count + 1), value);
            }

            var changed = Encoding.UTF8.GetBytes(story!.ToJsonString());
            bytes.Clear();
            bytes.AddRange(changed);
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        switch (node)
        {
            case JsonObject map:
                places.Add(map);
                foreach (var (_, value) in map)
                {
                    Collect(value, places);
                }

                break;
            case JsonArray list:
                places.Add(list);
                foreach (var value in list)
                {
                    Collect(value, places);
                }

                break;
        }
    }
}
