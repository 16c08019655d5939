using System.Text.Json.Nodes;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>
/// What a container needs to be drawn. A flowchart that was written by hand has no positions: its activities are laid out from left to
/// right along their connections. Positions somebody chose are never moved.
/// </summary>
internal static class FlowchartLayout
{
    private const int ColumnWidth = 320;

    private const int RowHeight = 130;

    public static void Complete(JsonObject container)
    {
        switch (ActivityTree.Text(container, "type"))
        {
            case "Elsa.Flowchart":
                var activities = List(container, "activities");
                var connections = List(container, "connections");
                if (activities.Count > 0 && !activities.Any(HasPosition))
                {
                    Place([.. activities.OfType<JsonObject>()], connections);
                }

                break;
            case "Elsa.Sequence":
                List(container, "activities");
                break;
        }
    }

    private static JsonArray List(JsonObject container, string name)
    {
        if (container[name] is not JsonArray list)
        {
            container[name] = list = [];
        }

        return list;
    }

    private static bool HasPosition(JsonNode? activity) => activity is JsonObject && activity["metadata"] is JsonObject metadata && metadata["designer"] is JsonObject designer && designer["position"] is JsonObject;

    private static void Place(List<JsonObject> activities, JsonArray connections)
    {
        var columns = new Dictionary<string, int>();
        var next = connections.OfType<JsonObject>().Select(connection => (From: End(connection, "source"), To: End(connection, "target"))).ToLookup(way => way.From, way => way.To);
        var reached = next.SelectMany(ways => ways).ToHashSet();
        var ids = activities.Select(activity => ActivityTree.Text(activity, "id") ?? "").ToArray();

        // Where nothing leads is a beginning; in a circle, whatever was written first.
        foreach (var start in ids.Where(id => !reached.Contains(id)).Concat(ids).Where(id => columns.TryAdd(id, 0)))
        {
            var queue = new Queue<string>([start]);
            while (queue.TryDequeue(out var id))
            {
                foreach (var target in next[id].OfType<string>().Where(target => columns.TryAdd(target, columns[id] + 1)))
                {
                    queue.Enqueue(target);
                }
            }
        }

        var rows = new Dictionary<int, int>();
        foreach (var activity in activities)
        {
            var column = columns.GetValueOrDefault(ActivityTree.Text(activity, "id") ?? "");
            var row = rows[column] = rows.GetValueOrDefault(column, -1) + 1;
            var metadata = activity["metadata"] as JsonObject ?? (JsonObject)(activity["metadata"] = new JsonObject());
            var designer = metadata["designer"] as JsonObject ?? (JsonObject)(metadata["designer"] = new JsonObject());
            designer["position"] = new JsonObject { ["x"] = column * ColumnWidth, ["y"] = row * RowHeight };
        }
    }

    private static string? End(JsonObject connection, string end) => connection[end] is JsonObject place ? ActivityTree.Text(place, "activity") : null;
}
