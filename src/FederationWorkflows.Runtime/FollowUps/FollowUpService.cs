using System.Threading.Channels;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.FollowUps;

/// <summary>
/// Does the work that committed runs asked for. The node on which a run committed does it at once; what it did not get to, because it died or
/// the work failed, any node finds in the store a little later. Doing work twice is harmless.
/// </summary>
internal sealed partial class FollowUpService(
    IFollowUpStore store, FollowUpInbox inbox, FollowUpWorker worker, WorkflowRuntime runtime, IStoreSignals signals, StateCodec codec, TimeProvider timeProvider, ILogger<FollowUpService> logger) : BackgroundLoop
{
    /// <summary>Of what tells runs something, and of what may start some.</summary>
    private const int AtOnce = 16;

    private const int Batch = 100;

    /// <summary>Younger work is most likely being done where it was asked for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Work that other nodes cannot do, since it is for a run that is driven here.</summary>
    private readonly Channel<string> asked = Channel.CreateBounded<string>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Alarm alarm = new(timeProvider, TimeSpan.FromSeconds(5));

    private readonly Backoff<string> attempts = new(timeProvider);

    private IDisposable? listening;

    /// <summary>Listens before a run can be driven here: that a run is to be told something is said to its node once, and would else be found at the next sweep only.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(OnSignal);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        listening?.Dispose();
        base.Dispose();
    }

    protected override Task RunAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([alarm.RunAsync(FindAsync, LogFailed, attempts.Restart, stoppingToken), FetchAskedAsync(stoppingToken), .. Workers(tellsRun: true, stoppingToken), .. Workers(tellsRun: false, stoppingToken)]);

    private IEnumerable<Task> Workers(bool tellsRun, CancellationToken stoppingToken) =>
        Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => DoFreshAsync(tellsRun, stoppingToken), CancellationToken.None));

    private async Task DoFreshAsync(bool tellsRun, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await DoAsync(await inbox.TakeAsync(tellsRun, cancellationToken), waits: !tellsRun, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private void OnSignal(StoreSignal signal)
    {
        // The storage is back, or a run that could not be told because a dead node held it is free.
        if (signal.Kind is SignalKinds.Nodes or SignalKinds.Everything)
        {
            attempts.Restart();
            alarm.Ring();
        }
        else if (WorkflowRuntime.ToldOf(signal) is var (runId, followUpId) && runtime.IsLive(runId))
        {
            asked.Writer.TryWrite(followUpId);
        }
    }

    private async Task FetchAskedAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in asked.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                if (await store.FindFollowUpAsync(id, cancellationToken) is { } followUp)
                {
                    attempts.Restart(id);
                    inbox.Add(followUp);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private async Task<DateTimeOffset?> FindAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>();
        FollowUp? last = null;
        IReadOnlyList<FollowUp> page;
        do
        {
            page = await store.GetFollowUpsAsync(Batch, last, cancellationToken);
            foreach (var followUp in page)
            {
                seen.Add(followUp.Id);
                last = followUp;
                if (followUp.CreatedAt + Patience > now)
                {
                    return null;
                }

                if (FollowUpWork.TellsRun(followUp.Kind) || runtime.HasRoom)
                {
                    await DoAsync(followUp, waits: false, cancellationToken);
                }
            }
        }
        while (page.Count == Batch);

        attempts.Keep(seen);
        return null;
    }

    /// <summary>Does it, unless that is being done. Other work does not wait for a run that is to be told something and has no turn; for room for one that is to be started it does, or all of them would be waiting in memory.</summary>
    /// <param name="followUp">The work.</param>
    /// <param name="waits">However long it takes. Otherwise it goes on by itself after a while.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task DoAsync(FollowUp followUp, bool waits, CancellationToken cancellationToken)
    {
        if (!attempts.TryBegin(followUp.Id))
        {
            return;
        }

        var doing = TryAsync(followUp, cancellationToken);
        await (waits ? doing : doing.WaitAsync(LongestWait, timeProvider, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>What does not succeed waits in the store for a later attempt.</summary>
    private async Task TryAsync(FollowUp followUp, CancellationToken cancellationToken)
    {
        try
        {
            if (await worker.DoAsync(followUp, FollowUpWork.Decode(followUp.Kind, followUp.Payload, codec), cancellationToken))
            {
                attempts.Succeeded(followUp.Id);
                return;
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotDone(e, followUp.Id, followUp.Kind);
        }

        attempts.Failed(followUp.Id);
    }

    [LoggerMessage(LogLevel.Error, "Follow-up work could not be looked for; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "Follow-up work {FollowUpId} ({Kind}) was not done; the next attempt follows")]
    private partial void LogNotDone(Exception exception, string followUpId, string kind);
}
