using System.Text.Json.Nodes;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>The stories that are run. None acts on anything outside.</summary>
internal static class LoadStories
{
    /// <summary>The path of the first.</summary>
    public const string FivePath = "/workflows/five";

    public const string LoopPath = "/workflows/loop";

    public const string Five = "five";

    public const string Loop = "loop";

    public const int Turns = 100_000;

    /// <summary>Five activities: the webhook, then what a story does with an event before it acts.</summary>
    public static JsonObject OfFive() => Of(
        Five,
        [
            Starts("five", more: [("parsedContent", To("event"))]),
            Activity("Elsa.SetVariable", "rate", ("variable", "urgent"), ("value", Formula("variables.event.severity >= 4 && variables.event.labels.exists(l, l.name == 'env' && l.value == 'prod')"))),
            Activity("Elsa.SetVariable", "describe", ("variable", "summary"), ("value", Template("${variables.event.title}: ${variables.event.actor.email} from ${variables.event.actor.ip}"))),
            Activity("Elsa.Correlate", "correlate", ("correlationId", Formula("variables.event.id"))),
            Activity("Elsa.SetName", "name", ("value", Variable("summary"))),
        ],
        "event:Object",
        "urgent:Boolean",
        "summary:String");

    /// <summary>A loop of many turns, each of which is journalled.</summary>
    public static JsonObject OfLoop() => Of(
        Loop,
        [
            Starts("loop"),
            Activity("Elsa.For", "turns", ("start", Literal(1)), ("end", Literal(Turns)), ("body", Activity("Elsa.SetVariable", "count", ("variable", "total"), ("value", Formula("variables.total + 1"))))),
        ],
        "total:Int64");
}
