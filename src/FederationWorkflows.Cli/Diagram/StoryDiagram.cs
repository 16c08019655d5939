using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Cli.Diagram;

/// <summary>A story as a Mermaid flowchart: what it does first on top, what holds others as a frame around them.</summary>
internal sealed class StoryDiagram
{
    private readonly StringBuilder text = new();

    private StoryDiagram()
    {
    }

    public static string Of(ExecutableWorkflow story)
    {
        var diagram = new StoryDiagram();
        diagram.text.Append("flowchart TD\n");
        var root = story.Nodes[1];
        if (IsChart(root) || IsSequence(root))
        {
            diagram.Inside(root, 1);
        }
        else
        {
            diagram.Draw(root, 1);
        }

        return diagram.text.ToString();
    }

    private void Draw(ActivityNode node, int depth)
    {
        if (node.Children.Count == 0)
        {
            var (open, close) = node.Activity is ITrigger && node.CanStartWorkflow ? ("([", "])") : node.Descriptor.TypeName == "Elsa.FlowDecision" ? ("{{", "}}") : ("[", "]");
            Line(depth, $"{Id(node)}{open}\"{Label(node)}\"{close}");
            return;
        }

        Line(depth, $"subgraph {Id(node)}[\"{Label(node)}\"]");
        Inside(node, depth + 1);
        Line(depth, "end");
    }

    private void Inside(ActivityNode node, int depth)
    {
        // A chart or sequence that is all a loop or a branch holds would be a frame within a frame that says nothing.
        var children = node.Children.Count == 1 && (IsChart(node.Children[0]) || IsSequence(node.Children[0])) ? null : node.Children;
        if (children is null)
        {
            Inside(node.Children[0], depth);
            return;
        }

        foreach (var child in children)
        {
            Draw(child, depth);
        }

        if (IsChart(node))
        {
            Connections(node, depth);
        }
        else if (IsSequence(node))
        {
            foreach (var (from, to) in children.Zip(children.Skip(1)))
            {
                Line(depth, $"{Id(from)} --> {Id(to)}");
            }
        }
    }

    private void Connections(ActivityNode chart, int depth)
    {
        var byId = chart.Children.ToDictionary(child => child.Id);
        foreach (var connection in chart.Json.GetProperty("connections").EnumerateArray())
        {
            var source = connection.GetProperty("source");
            var port = source.TryGetProperty("port", out var named) ? named.GetString() : null;
            var label = port is null or "Done" ? "" : $"|\"{Escape(port)}\"|";
            Line(depth, $"{Id(byId[source.GetProperty("activity").GetString()!])} -->{label} {Id(byId[connection.GetProperty("target").GetProperty("activity").GetString()!])}");
        }
    }

    private void Line(int depth, string line) => text.Append(' ', depth * 2).Append(line).Append('\n');

    private static bool IsChart(ActivityNode node) => node.Descriptor.TypeName == "Elsa.Flowchart";

    private static bool IsSequence(ActivityNode node) => node.Descriptor.TypeName == "Elsa.Sequence";

    private static string Id(ActivityNode node) => string.Create(CultureInfo.InvariantCulture, $"n{node.Index}");

    private static string Label(ActivityNode node)
    {
        var title = node.Json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("displayText", out var shown) && shown.ValueKind == JsonValueKind.String && shown.GetString() is { Length: > 0 } given ? given : node.Id;
        var place = node.Parent is { Children.Count: > 1 } parent && !IsChart(parent) && !IsSequence(parent) && node.Port is { } port ? $"{port}: " : "";
        return $"{Escape(place + title)}<br/><small>{Escape(node.Descriptor.TypeName)}</small>";
    }

    /// <summary>Mermaid reads markup and its own entities in a label.</summary>
    private static string Escape(string label)
    {
        var escaped = new StringBuilder();
        foreach (var rune in label.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || " .,:-_/'()+?!".Contains(rune.ToString(), StringComparison.Ordinal))
            {
                escaped.Append(rune);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"#{(Rune.IsControl(rune) ? 32 : rune.Value)};");
            }
        }

        return escaped.ToString();
    }
}
