namespace FederationWorkflows.Runtime.Storage;

/// <summary>An audit log that lives as long as the process, of the newest 100,000 entries.</summary>
internal sealed class MemoryAuditStore : IAuditStore
{
    private const int Limit = 100_000;

    private readonly Lock gate = new();

    private readonly Queue<AuditEntry> entries = [];

    private long last;

    public ValueTask AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            entries.Enqueue(entry with { Number = ++last, Before = entry.Before?.Clone(), After = entry.After?.Clone() });
            if (entries.Count > Limit)
            {
                entries.Dequeue();
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. entries.Reverse().Where(entry => Matches(query, entry)).Take(query.Limit)]);
        }
    }

    private static bool Matches(AuditQuery query, AuditEntry entry) =>
        (query.Before is null || entry.Number < query.Before)
        && (query.Actor is null || string.Equals(entry.Actor, query.Actor, StringComparison.OrdinalIgnoreCase))
        && (query.Action is null || (query.Action.EndsWith('.') ? entry.Action.StartsWith(query.Action, StringComparison.Ordinal) : entry.Action == query.Action))
        && (query.Subject is null || string.Equals(entry.Subject, query.Subject, StringComparison.OrdinalIgnoreCase))
        && (query.From is null || entry.At >= query.From)
        && (query.To is null || entry.At < query.To);
}
