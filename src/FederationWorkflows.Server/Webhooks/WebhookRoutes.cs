using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Webhooks;

/// <summary>What a request to a webhook leads to: a definition to start, or a place where runs wait.</summary>
/// <param name="Stimulus">What the endpoint declared.</param>
/// <param name="Trigger">The trigger to start; null where runs wait.</param>
internal sealed record WebhookTarget(HttpEndpointStimulus Stimulus, WorkflowTrigger? Trigger);

/// <summary>
/// Finds what a request leads to. The tables are immutable; one is built anew when a definition is published, and when a run waits
/// at a path where none has waited before.
/// </summary>
internal sealed class WebhookRoutes(DefinitionCatalog catalog) : IRunObserver
{
    /// <summary>The activity type whose triggers and bookmarks are paths.</summary>
    public const string Kind = "Elsa.HttpEndpoint";

    private readonly Lock gate = new();

    private readonly HashSet<HttpEndpointStimulus> waitedAt = [];

    private (TriggerIndex? Index, HttpRouteTable<WebhookTarget> Table) starting = (null, new([]));

    private HttpRouteTable<WebhookTarget> waiting = new([]);

    public HttpRouteMatch<WebhookTarget> Find(string method, string encodedPath)
    {
        var start = StartingTable().Find(method, encodedPath);
        if (start.Result is HttpRouteResult.Match or HttpRouteResult.Ambiguous)
        {
            return start;
        }

        var resume = Volatile.Read(ref waiting).Find(method, encodedPath);
        return resume.Result == HttpRouteResult.NotFound ? start : resume;
    }

    public void OnCommitted(RunTransaction transaction)
    {
        foreach (var bookmark in transaction.NewBookmarks)
        {
            if (bookmark.Name == Kind && HttpEndpointStimulus.From(bookmark.Stimulus) is { } stimulus)
            {
                lock (gate)
                {
                    if (waitedAt.Add(stimulus))
                    {
                        Volatile.Write(ref waiting, Table(waitedAt.Select(place => new WebhookTarget(place, null))));
                    }
                }
            }
        }
    }

    private HttpRouteTable<WebhookTarget> StartingTable()
    {
        var index = catalog.Triggers;
        lock (gate)
        {
            if (!ReferenceEquals(starting.Index, index))
            {
                starting = (index, Table(index.OfKind(Kind).Select(trigger => new WebhookTarget((HttpEndpointStimulus)trigger.Stimulus, trigger))));
            }

            return starting.Table;
        }
    }

    private static HttpRouteTable<WebhookTarget> Table(IEnumerable<WebhookTarget> targets) =>
        new(targets.Select(target => new HttpRoute<WebhookTarget>(target.Stimulus.Path, target.Stimulus.Method, target)));
}
