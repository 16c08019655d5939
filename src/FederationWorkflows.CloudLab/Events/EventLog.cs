using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>The latest events of a lab, oldest first. Safe for use by several threads.</summary>
public sealed class EventLog : ILabService
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    private readonly Lock gate = new();
    private readonly Queue<LabEvent> events = new();
    private readonly int capacity;

    internal EventLog(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        this.capacity = capacity;
    }

    /// <summary>The events now kept.</summary>
    public IReadOnlyList<LabEvent> Snapshot()
    {
        lock (gate)
        {
            return [.. events];
        }
    }

    internal void Record(LabEvent labEvent)
    {
        lock (gate)
        {
            if (events.Count == capacity)
            {
                events.Dequeue();
            }

            events.Enqueue(labEvent);
        }
    }

    void ILabService.Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/lab/events", () => Results.Json(new Dictionary<string, IReadOnlyList<LabEvent>> { ["Records"] = Snapshot() }, JsonOptions));
}
