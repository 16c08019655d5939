using System.Threading.Channels;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Webhooks;

/// <summary>What a request to a webhook leads to: a definition to start, or a place where runs wait.</summary>
/// <param name="Stimulus">What the endpoint declared.</param>
/// <param name="Trigger">The trigger to start; null where runs wait.</param>
/// <param name="BookmarkHash">Finds the bookmarks of the runs that wait; null for a trigger.</param>
internal sealed record WebhookTarget(HttpEndpointStimulus Stimulus, WorkflowTrigger? Trigger, string? BookmarkHash);

/// <summary>
/// Finds what a request leads to. The tables are immutable; one is built anew for the first request after a definition was published,
/// or after runs began or ceased to wait at a path.
/// </summary>
internal sealed partial class WebhookRoutes(DefinitionCatalog catalog, IRunStore runs, IStoreSignals signals, TimeProvider timeProvider, ILogger<WebhookRoutes> logger) : BackgroundService, IRunObserver
{
    /// <summary>The activity type whose triggers and bookmarks are paths.</summary>
    public const string Kind = "Elsa.HttpEndpoint";

    /// <summary>Tells other nodes, also those of the version before, that runs wait at a new path; the key is the bookmark's hash.</summary>
    private const string PlaceSignal = "http-endpoint";

    /// <summary>Where runs ceased to wait is not told to other nodes: it is found out when a request leads there, or by then.</summary>
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();

    private readonly SemaphoreSlim loading = new(1);

    /// <summary>Places to be looked up in the store, each once; empty for all.</summary>
    private readonly Channel<string> told = Channel.CreateUnbounded<string>();

    private readonly HashSet<string> pending = [];

    /// <summary>Where runs wait: by the bookmark's hash, which is the same for the same endpoint of a story, with the bookmarks there.</summary>
    private readonly Dictionary<string, (HttpEndpointStimulus Stimulus, HashSet<string> Bookmarks)> places = [];

    private readonly Dictionary<string, string> placeOfBookmark = [];

    /// <summary>Bookmarks that came or went here while the store was read: of them this knows better.</summary>
    private HashSet<string>? changed;

    private (TriggerIndex? Index, HttpRouteTable<WebhookTarget> Table) starting = (null, new([]));

    private HttpRouteTable<WebhookTarget>? waiting;

    private IDisposable? listening;

    public HttpRouteMatch<WebhookTarget> Find(string method, string encodedPath)
    {
        var (startingTable, waitingTable) = Tables();
        var start = startingTable.Find(method, encodedPath);
        if (start.Result is HttpRouteResult.Match or HttpRouteResult.Ambiguous)
        {
            return start;
        }

        var resume = waitingTable.Find(method, encodedPath);
        return (start.Result, resume.Result) switch
        {
            (_, HttpRouteResult.NotFound) => start,
            (HttpRouteResult.MethodNotAllowed, HttpRouteResult.MethodNotAllowed) =>
                start with { AllowedMethods = [.. start.AllowedMethods.Union(resume.AllowedMethods).Order(StringComparer.Ordinal)] },
            _ => resume,
        };
    }

    public string? SignalOf(string bookmarkName) => bookmarkName == Kind ? PlaceSignal : null;

    public void OnCommitted(RunTransaction transaction)
    {
        if (transaction.NewBookmarks.Count == 0 && transaction.RemovedBookmarks.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            foreach (var bookmark in transaction.NewBookmarks)
            {
                if (bookmark.Name == Kind && HttpEndpointStimulus.From(bookmark.Stimulus) is { } stimulus)
                {
                    changed?.Add(bookmark.Id);
                    Add(bookmark.Id, bookmark.Hash, stimulus);
                }
            }

            foreach (var bookmark in transaction.RemovedBookmarks)
            {
                changed?.Add(bookmark);
                Remove(bookmark);
            }
        }
    }

    /// <summary>Runs of before this start wait too: their paths are known before the first request comes. What others tell meanwhile is heard.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        listening = signals.Subscribe(OnSignal);
        await LoadAsync(null, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Looks in the store where runs still wait, of some places: other nodes may have resumed them.</summary>
    /// <returns>True when one of the places is none any more.</returns>
    public async ValueTask<bool> ForgetGoneAsync(IEnumerable<string> hashes, CancellationToken cancellationToken)
    {
        var isAnyGone = false;
        foreach (var hash in hashes)
        {
            isAnyGone |= !await LoadAsync(hash, cancellationToken);
        }

        return isAnyGone;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var sweep = new PeriodicTimer(BetweenSweeps, timeProvider);
        await Task.WhenAll(LoadToldAsync(stoppingToken), SweepAsync(sweep, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LoadToldAsync(CancellationToken stoppingToken)
    {
        await foreach (var hash in told.Reader.ReadAllAsync(stoppingToken))
        {
            lock (gate)
            {
                pending.Remove(hash);
            }

            try
            {
                await LoadAsync(hash.Length == 0 ? null : hash, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private async Task SweepAsync(PeriodicTimer sweep, CancellationToken stoppingToken)
    {
        while (await sweep.WaitForNextTickAsync(stoppingToken))
        {
            LookUp("");
        }
    }

    private void OnSignal(StoreSignal signal)
    {
        if (signal.Kind == SignalKinds.Everything)
        {
            LookUp("");
        }
        else if (signal.Kind == PlaceSignal && !IsKnown(signal.Key))
        {
            LookUp(signal.Key);
        }
    }

    private void LookUp(string hash)
    {
        lock (gate)
        {
            if (pending.Add(hash))
            {
                told.Writer.TryWrite(hash);
            }
        }
    }

    /// <summary>While the store is read, the answer may be older than what is told.</summary>
    private bool IsKnown(string hash)
    {
        lock (gate)
        {
            return changed is null && places.ContainsKey(hash);
        }
    }

    /// <summary>Takes over from the store where runs wait: at one place, or at all of them.</summary>
    /// <returns>True when runs wait at the one place.</returns>
    private async ValueTask<bool> LoadAsync(string? hash, CancellationToken cancellationToken)
    {
        await loading.WaitAsync(cancellationToken);
        try
        {
            lock (gate)
            {
                changed = [];
            }

            var stored = (await runs.FindBookmarksAsync(Kind, hash, cancellationToken)).Select(found => found.Bookmark).ToDictionary(bookmark => bookmark.Id);
            lock (gate)
            {
                foreach (var bookmark in stored.Values.Where(bookmark => !changed.Contains(bookmark.Id)))
                {
                    if (HttpEndpointStimulus.From(bookmark.Stimulus) is { } stimulus)
                    {
                        Add(bookmark.Id, bookmark.Hash, stimulus);
                    }
                }

                foreach (var (key, place) in hash is null ? [.. places] : places.TryGetValue(hash, out var one) ? new[] { KeyValuePair.Create(hash, one) } : [])
                {
                    foreach (var gone in place.Bookmarks.Where(bookmark => !stored.ContainsKey(bookmark) && !changed.Contains(bookmark)).ToArray())
                    {
                        place.Bookmarks.Remove(gone);
                        placeOfBookmark.Remove(gone);
                    }

                    if (place.Bookmarks.Count == 0)
                    {
                        places.Remove(key);
                        waiting = null;
                    }
                }

                return hash is not null && places.ContainsKey(hash);
            }
        }
        finally
        {
            lock (gate)
            {
                changed = null;
            }

            loading.Release();
        }
    }

    [LoggerMessage(LogLevel.Error, "Paths at which runs of other nodes wait could not be read; requests to them are answered with 404 here until the next attempt, in five minutes at the latest")]
    private partial void LogFailed(Exception exception);

    public override void Dispose()
    {
        base.Dispose();
        listening?.Dispose();
        loading.Dispose();
    }

    private void Add(string bookmark, string hash, HttpEndpointStimulus stimulus)
    {
        placeOfBookmark[bookmark] = hash;
        if (places.TryGetValue(hash, out var place))
        {
            place.Bookmarks.Add(bookmark);
            return;
        }

        places.Add(hash, (stimulus, [bookmark]));
        waiting = null;
    }

    /// <summary>The place stays until the store was asked: of the runs that wait there this need not know all.</summary>
    private void Remove(string bookmark)
    {
        if (placeOfBookmark.Remove(bookmark, out var hash) && places.TryGetValue(hash, out var place) && place.Bookmarks.Remove(bookmark) && place.Bookmarks.Count == 0)
        {
            LookUp(hash);
        }
    }

    private (HttpRouteTable<WebhookTarget> Starting, HttpRouteTable<WebhookTarget> Waiting) Tables()
    {
        var index = catalog.Triggers;
        lock (gate)
        {
            if (!ReferenceEquals(starting.Index, index))
            {
                starting = (index, Table(index.OfKind(Kind).Select(trigger => new WebhookTarget((HttpEndpointStimulus)trigger.Stimulus, trigger, null))));
            }

            waiting ??= Table(places.Select(place => new WebhookTarget(place.Value.Stimulus, null, place.Key)));
            return (starting.Table, waiting);
        }
    }

    private static HttpRouteTable<WebhookTarget> Table(IEnumerable<WebhookTarget> targets) =>
        new(targets.Select(target => new HttpRoute<WebhookTarget>(target.Stimulus.Path, target.Stimulus.Method, target)));
}
