using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>How much one node does at once, configuration section <c>Concurrency</c>.</summary>
public sealed record ConcurrencyOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Concurrency";

    /// <summary>Runs that are driven at once, 1 to 100,000. One that waits for something outside does not count.</summary>
    [Range(1, 100_000, ErrorMessage = "Concurrency:MaxRunning must be from 1 to 100000.")]
    public int MaxRunning { get; set; } = 512;

    /// <summary>Runs that are started and wait for their turn, 0 to 1,000,000. Beyond them, who starts one is told to come back.</summary>
    [Range(0, 1_000_000, ErrorMessage = "Concurrency:MaxQueued must be from 0 to 1000000.")]
    public int MaxQueued { get; set; } = 2_048;

    /// <summary>What who is turned away is told to wait, from a second to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Concurrency:RetryAfter must be from 00:00:01 to 01:00:00.")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>This node has no room for another run, or takes none any more. Nothing was stored.</summary>
public sealed class NodeBusyException(string reason, TimeSpan retryAfter) : Exception($"{reason} Try again in {Math.Ceiling(retryAfter.TotalSeconds)} seconds.")
{
    /// <summary>When it is worth another try.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>
/// Bounds what a node does at once. New runs first need room, so that memory stays flat however many are asked for; every run that is to be
/// driven then needs its turn, of the node and of its story (<c>customProperties.maxConcurrentRuns</c>).
/// </summary>
internal sealed class RunGate(ConcurrencyOptions options) : IDisposable
{
    private readonly SemaphoreSlim room = new(options.MaxRunning + options.MaxQueued);

    private readonly SemaphoreSlim turns = new(options.MaxRunning);

    private readonly ConcurrentDictionary<(string DefinitionId, int Limit), SemaphoreSlim> turnsOfStory = new();

    private int queued;

    /// <summary>Runs that are driven now.</summary>
    public int Running => options.MaxRunning - turns.CurrentCount;

    /// <summary>Runs that wait for their turn.</summary>
    public int Queued => Volatile.Read(ref queued);

    /// <summary>There is room for a new run, unless somebody is quicker.</summary>
    public bool HasRoom => room.CurrentCount > 0;

    /// <summary>Takes room for a new run once there is some, to be given back with <see cref="Leave"/>.</summary>
    public Task EnterAsync(CancellationToken cancellationToken) => room.WaitAsync(cancellationToken);

    /// <summary>Takes room for a new run if there is some, to be given back with <see cref="Leave"/>.</summary>
    public bool TryEnter() => room.Wait(0);

    /// <summary>What who is turned away is told.</summary>
    public NodeBusyException Full()
    {
        RuntimeMeter.Rejected.Add(1, new KeyValuePair<string, object?>(RuntimeMeter.Reason, "full"));
        return new NodeBusyException($"{options.MaxRunning + options.MaxQueued} runs are being driven here or wait for it.", options.RetryAfter);
    }

    public void Leave() => room.Release();

    /// <summary>Takes a turn for a run if there is one now, to be disposed of when the run rests.</summary>
    public Turn? TryTakeTurn(WorkflowDefinition definition)
    {
        var ofStory = TurnsOf(definition);
        if (ofStory?.Wait(0) is false)
        {
            return null;
        }

        if (turns.Wait(0))
        {
            return new Turn(ofStory, turns);
        }

        ofStory?.Release();
        return null;
    }

    /// <summary>Does something when a run's turn has come, at once when it has one. When the waiting is ended, it is done all the same, to end the run or to let go of it.</summary>
    public async Task TakeTurnAsync(WorkflowDefinition definition, Turn? own, Func<Task> drive, CancellationToken cancellationToken)
    {
        if (own is { } has)
        {
            using (has)
            {
                await drive();
            }

            return;
        }

        var ofStory = TurnsOf(definition);
        var taken = new List<SemaphoreSlim>();
        try
        {
            Interlocked.Increment(ref queued);
            foreach (var turn in new[] { ofStory, turns })
            {
                if (turn is not null)
                {
                    var wait = turn.WaitAsync(cancellationToken);
                    await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (!wait.IsCompletedSuccessfully)
                    {
                        break;
                    }

                    taken.Add(turn);
                }
            }

            Interlocked.Decrement(ref queued);
            await drive();
        }
        finally
        {
            foreach (var turn in taken)
            {
                turn.Release();
            }
        }
    }

    private SemaphoreSlim? TurnsOf(WorkflowDefinition definition) =>
        definition.MaxConcurrentRuns is { } limit ? turnsOfStory.GetOrAdd((definition.DefinitionId, limit), key => new SemaphoreSlim(key.Limit)) : null;

    public void Dispose()
    {
        room.Dispose();
        turns.Dispose();
        foreach (var turn in turnsOfStory.Values)
        {
            turn.Dispose();
        }
    }
}

/// <summary>A run's turn, of its story and of the node.</summary>
internal readonly record struct Turn(SemaphoreSlim? OfStory, SemaphoreSlim OfNode) : IDisposable
{
    public void Dispose()
    {
        OfNode.Release();
        OfStory?.Release();
    }
}
