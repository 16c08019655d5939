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
internal sealed partial class WebhookRoutes(DefinitionCatalog catalog, IRunStore runs, IStoreSignals signals, ILogger<WebhookRoutes> logger) : BackgroundService, IRunObserver
{
    /// <summary>The activity type whose triggers and bookmarks are paths.</summary>
    public const string Kind = "Elsa.HttpEndpoint";

    /// <summary>Tells other nodes that runs wait at a new path; the key is the bookmark's hash.</summary>
    private const string PlaceSignal = "http-endpoint";

    private readonly Lock gate = new();

    /// <summary>Places that others are to be told of, or that others told of; without a hash, all places.</summary>
    private readonly Channel<(string? Hash, bool IsOurs)> work = Channel.CreateBounded<(string?, bool)>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Where runs wait: by the bookmark's hash, which is the same for the same endpoint of a story, with the bookmarks there.</summary>
    private readonly Dictionary<string, (HttpEndpointStimulus Stimulus, HashSet<string> Bookmarks)> places = [];

    private readonly Dictionary<string, string> placeOfBookmark = [];

    private (TriggerIndex? Index, HttpRouteTable<WebhookTarget> Table) starting = (null, new([]));

    private HttpRouteTable<WebhookTarget>? waiting;

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
                    if (!places.ContainsKey(bookmark.Hash))
                    {
                        work.Writer.TryWrite((bookmark.Hash, true));
                    }

                    Add(bookmark.Id, bookmark.Hash, stimulus);
                }
            }

            foreach (var bookmark in transaction.RemovedBookmarks)
            {
                Remove(bookmark);
            }
        }
    }

    /// <summary>Runs of before this start wait too: their paths are known before the first request comes.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(null, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var listening = signals.Subscribe(signal =>
        {
            if (signal.Kind is PlaceSignal or SignalKinds.Everything)
            {
                work.Writer.TryWrite((signal.Kind == PlaceSignal ? signal.Key : null, false));
            }
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var (hash, isOurs) = await work.Reader.ReadAsync(stoppingToken);
                await (isOurs ? signals.PublishAsync(new StoreSignal(PlaceSignal, hash!), stoppingToken) : LoadAsync(hash, stoppingToken));
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

    private async ValueTask LoadAsync(string? hash, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (hash is not null && places.ContainsKey(hash))
            {
                return;
            }
        }

        var stored = await runs.FindBookmarksAsync(Kind, hash, cancellationToken);
        lock (gate)
        {
            foreach (var bookmark in stored.Select(found => found.Bookmark))
            {
                if (HttpEndpointStimulus.From(bookmark.Stimulus) is { } stimulus)
                {
                    Add(bookmark.Id, bookmark.Hash, stimulus);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Paths at which runs of other nodes wait could not be read or told; requests to them are answered with 404 here until the next change")]
    private partial void LogFailed(Exception exception);

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

    private void Remove(string bookmark)
    {
        if (placeOfBookmark.Remove(bookmark, out var hash) && places.TryGetValue(hash, out var place) && place.Bookmarks.Remove(bookmark) && place.Bookmarks.Count == 0)
        {
            places.Remove(hash);
            waiting = null;
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
