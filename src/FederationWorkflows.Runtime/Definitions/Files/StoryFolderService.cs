using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Definitions.Files;

/// <summary>Looks at the folder of stories at start, when something changes in it, and now and then; and writes back what is published by other means.</summary>
internal sealed partial class StoryFolderService(StoryFolder folder, DefinitionCatalog catalog, IOptions<StoryFolderOptions> options, TimeProvider timeProvider, ILogger<StoryFolderService> logger)
    : BackgroundService
{
    /// <summary>A folder that never comes to rest is looked at all the same.</summary>
    private const int MostRests = 20;

    /// <summary>Stories that were published; null for a change in the folder.</summary>
    private readonly Channel<string?> happened = Channel.CreateUnbounded<string?>(new UnboundedChannelOptions { SingleReader = true });

    private readonly HashSet<string> unwritten = [];

    private FileSystemWatcher? watcher;

    private volatile bool isWatcherBroken;

    private bool IsWanted => !string.IsNullOrWhiteSpace(options.Value.Path);

    /// <summary>The stories are published when this returns.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsWanted)
        {
            return;
        }

        // It watches first: what changes while the folder is looked at is found with the next look.
        Watch();
        await folder.ScanAsync(cancellationToken);
        if (options.Value.WriteBack)
        {
            catalog.Changed += OnPublished;
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        catalog.Changed -= OnPublished;
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        watcher?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(stoppingToken);
                Watch();
                foreach (var definitionId in unwritten.ToArray())
                {
                    await folder.WriteBackAsync(definitionId, stoppingToken);
                    unwritten.Remove(definitionId);
                }

                await folder.ScanAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void OnPublished(string definitionId) => happened.Writer.TryWrite(definitionId);

    private void OnFolderChanged() => happened.Writer.TryWrite(null);

    /// <summary>Waits until something happened and the folder has come to rest, or until it is time to look again.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (!await HappensWithinAsync(options.Value.Rescan, cancellationToken))
        {
            return;
        }

        var rests = 0;
        do
        {
            var hasFolderChanged = false;
            while (happened.Reader.TryRead(out var published))
            {
                hasFolderChanged |= published is null;
                if (published is not null)
                {
                    unwritten.Add(published);
                }
            }

            if (!hasFolderChanged)
            {
                return;
            }
        }
        while (await HappensWithinAsync(options.Value.Quiet, cancellationToken) && ++rests < MostRests);
    }

    private async Task<bool> HappensWithinAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var sleep = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = happened.Reader.WaitToReadAsync(sleep.Token).AsTask();
        var slept = Task.Delay(time, timeProvider, sleep.Token);
        var first = await Task.WhenAny(woken, slept);
        await sleep.CancelAsync();
        await Task.WhenAll(woken, slept).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return first == woken;
    }

    /// <summary>Watches the folder if it is not being watched: it may be there only now, or have been replaced.</summary>
    private void Watch()
    {
        if (watcher is not null && !isWatcherBroken)
        {
            return;
        }

        watcher?.Dispose();
        watcher = null;
        isWatcherBroken = false;
        if (!Directory.Exists(options.Value.Path))
        {
            return;
        }

        try
        {
            watcher = new FileSystemWatcher(options.Value.Path, "*.json") { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size };
            watcher.Created += (_, _) => OnFolderChanged();
            watcher.Changed += (_, _) => OnFolderChanged();
            watcher.Deleted += (_, _) => OnFolderChanged();
            watcher.Renamed += (_, _) => OnFolderChanged();
            watcher.Error += (_, e) =>
            {
                LogNotWatched(options.Value.Rescan, e.GetException().Message);
                isWatcherBroken = true;
            };
            watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // Such as no more watches in the system.
            LogNotWatched(options.Value.Rescan, e.Message);
            isWatcherBroken = true;
        }
    }

    [LoggerMessage(LogLevel.Error, "The folder of stories could not be looked at; the next attempt follows")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The folder of stories cannot be watched, and is looked at every {Interval}: {Reason}")]
    private partial void LogNotWatched(TimeSpan interval, string reason);
}
