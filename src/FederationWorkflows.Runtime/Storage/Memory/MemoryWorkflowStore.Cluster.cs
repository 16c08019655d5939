namespace FederationWorkflows.Runtime.Storage;

/// <content>What runs and nodes share: follow-up work, schedules and the nodes themselves.</content>
internal sealed partial class MemoryWorkflowStore
{
    private readonly Dictionary<string, FollowUp> followUps = [];

    private readonly Dictionary<string, ScheduleRecord> schedules = [];

    private readonly Dictionary<string, NodeRecord> nodes = [];

    public ValueTask<IReadOnlyList<FollowUp>> GetFollowUpsAsync(int limit, FollowUp? after, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. followUps.Values
                .Where(followUp => after is null
                    || followUp.CreatedAt > after.CreatedAt
                    || (followUp.CreatedAt == after.CreatedAt && string.CompareOrdinal(followUp.Id, after.Id) > 0))
                .OrderBy(followUp => followUp.CreatedAt)
                .ThenBy(followUp => followUp.Id, StringComparer.Ordinal)
                .Take(limit)]);
        }
    }

    public ValueTask<FollowUp?> FindFollowUpAsync(string id, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(followUps.GetValueOrDefault(id));
        }
    }

    public ValueTask<bool> AddFollowUpAsync(FollowUp followUp, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(followUps.TryAdd(followUp.Id, followUp));
        }
    }

    public ValueTask RemoveFollowUpsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var id in ids)
            {
                followUps.Remove(id);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ReplaceSchedulesAsync(string definitionId, IReadOnlyList<ScheduleRecord> schedules, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var kept = schedules.Where(wanted => this.schedules.TryGetValue(wanted.Id, out var stored) && stored.DefinitionId == definitionId && stored.Revision == wanted.Revision)
                .Select(wanted => this.schedules[wanted.Id])
                .ToArray();
            RemoveSchedules(definitionId);
            foreach (var schedule in schedules.Concat(kept))
            {
                this.schedules[schedule.Id] = schedule;
            }
        }

        signals.Tell(new(SignalKinds.Schedules, definitionId));
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<ScheduleRecord>> GetSchedulesAsync(string definitionId, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. schedules.Values.Where(schedule => schedule.DefinitionId == definitionId).OrderBy(schedule => schedule.Id, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<IReadOnlyList<ScheduleRecord>> GetDueSchedulesAsync(DateTimeOffset until, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. schedules.Values.Where(schedule => schedule.DueAt <= until).OrderBy(schedule => schedule.DueAt).ThenBy(schedule => schedule.Id, StringComparer.Ordinal).Take(limit)]);
        }
    }

    public ValueTask<DateTimeOffset?> GetNextScheduleAsync(DateTimeOffset after, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(schedules.Values.Where(schedule => schedule.DueAt > after).Min(schedule => schedule.DueAt));
        }
    }

    public ValueTask<bool> AdvanceScheduleAsync(ScheduleFiring firing, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new(Advance(firing));
        }
    }

    public ValueTask HeartbeatAsync(NodeRecord node, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            nodes[node.Id] = node with { LastSeen = timeProvider.GetUtcNow() };
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<NodeRecord>> GetNodesAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return new([.. nodes.Values.OrderBy(node => node.Id, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<int?> BuryAsync(string nodeId, DateTimeOffset lastSeen, CancellationToken cancellationToken)
    {
        var freed = 0;
        lock (gate)
        {
            if (!nodes.TryGetValue(nodeId, out var node) || node.LastSeen != lastSeen)
            {
                return new((int?)null);
            }

            nodes.Remove(nodeId);
            foreach (var run in runs.Values.Where(run => run.Lease?.Owner == nodeId))
            {
                run.Lease = null;
                freed++;
            }
        }

        signals.Tell(new(SignalKinds.Nodes, nodeId));
        return new(freed);
    }

    private bool Advance(ScheduleFiring firing)
    {
        if (!schedules.TryGetValue(firing.Id, out var stored) || stored.DueAt != firing.ExpectedDueAt)
        {
            return false;
        }

        schedules[firing.Id] = stored with { DueAt = firing.NextDueAt };
        return true;
    }

    private void RemoveSchedules(string definitionId)
    {
        foreach (var schedule in schedules.Values.Where(schedule => schedule.DefinitionId == definitionId).ToArray())
        {
            schedules.Remove(schedule.Id);
        }
    }
}
