using System.Collections.Concurrent;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>
/// Compiled graphs by content, so that runs pinned to an older revision find theirs. Those that are published stay; of the others, the
/// ones used last, since anything else can be compiled again.
/// </summary>
internal sealed class CompiledRevisions
{
    /// <summary>Graphs that are kept beside the published ones.</summary>
    public const int MaxUnpublished = 100;

    private readonly ConcurrentDictionary<(string DefinitionId, string Revision), Entry> entries = new();

    private readonly ConcurrentDictionary<string, string> published = new();

    private long uses;

    public int Count => entries.Count;

    public ExecutableWorkflow? Find(string definitionId, string revision)
    {
        if (!entries.TryGetValue((definitionId, revision), out var entry))
        {
            return null;
        }

        entry.LastUse = Interlocked.Increment(ref uses);
        return entry.Workflow;
    }

    public ExecutableWorkflow Add(StoredDefinition stored, ExecutableWorkflow workflow)
    {
        entries[(stored.DefinitionId, stored.Revision)] = new Entry(workflow) { LastUse = Interlocked.Increment(ref uses) };
        Trim();
        return workflow;
    }

    public void Publish(StoredDefinition stored, ExecutableWorkflow workflow)
    {
        published[stored.DefinitionId] = stored.Revision;
        Add(stored, workflow);
    }

    public void Retract(string definitionId) => published.TryRemove(definitionId, out _);

    private void Trim()
    {
        if (entries.Count <= published.Count + MaxUnpublished)
        {
            return;
        }

        var unpublished = entries.Where(entry => published.GetValueOrDefault(entry.Key.DefinitionId) != entry.Key.Revision).OrderByDescending(entry => entry.Value.LastUse);
        foreach (var old in unpublished.Skip(MaxUnpublished))
        {
            entries.TryRemove(old);
        }
    }

    private sealed class Entry(ExecutableWorkflow workflow)
    {
        private long lastUse;

        public ExecutableWorkflow Workflow => workflow;

        public long LastUse
        {
            get => Volatile.Read(ref lastUse);
            set => Volatile.Write(ref lastUse, value);
        }
    }
}
