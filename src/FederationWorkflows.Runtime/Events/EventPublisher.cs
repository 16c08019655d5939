using System.Security.Claims;
using FederationWorkflows.Engine.Activities.Events;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Events;

/// <summary>Publishes events: stories that begin with one are started, and runs that wait for it go on.</summary>
public sealed partial class EventPublisher
{
    private readonly WorkflowRuntime runtime;

    private readonly DefinitionCatalog definitions;

    private readonly IRunStore runs;

    private readonly ILogger<EventPublisher> logger;

    /// <summary>A publisher over a runtime.</summary>
    public EventPublisher(WorkflowRuntime runtime, DefinitionCatalog definitions, IRunStore runs, ILogger<EventPublisher> logger)
    {
        this.runtime = runtime;
        this.definitions = definitions;
        this.runs = runs;
        this.logger = logger;
    }

    /// <summary>Publishes an event. When this returns, everything that heard of it is stored.</summary>
    /// <param name="eventName">The name, letter for letter.</param>
    /// <param name="correlationId">Only runs of this correlation id hear of it, and those it starts have it; null for all.</param>
    /// <param name="payload">What it brings.</param>
    /// <param name="caller">Who publishes it.</param>
    /// <param name="cancellationToken">Ends the call; some may have heard of it then.</param>
    /// <returns>How many should have heard of it and could not; the log says why.</returns>
    public Task<int> PublishAsync(string eventName, string? correlationId, object? payload, ClaimsPrincipal caller, CancellationToken cancellationToken) =>
        PublishAsync(
            new PublishEventWork { EventName = eventName, CorrelationId = correlationId, Payload = payload, StartedBy = caller.ToPerson(), Hands = [caller.Hand()] },
            runtime.NewRunId(),
            publishedAt: null,
            cancellationToken);

    /// <param name="published">The event.</param>
    /// <param name="eventId">Unique for this event: publishing it again with the same id starts nothing twice.</param>
    /// <param name="publishedAt">Who began to wait later does not hear of it; null for now: clocks, of which another node's may be ahead, are not asked.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many are still to hear of it.</returns>
    internal async Task<int> PublishAsync(PublishEventWork published, string eventId, DateTimeOffset? publishedAt, CancellationToken cancellationToken)
    {
        var stimulus = new EventStimulus(published.EventName);
        var missed = 0;

        // First of all: a run that the event starts does not hear of it a second time.
        var listeners = await runs.FindBookmarksAsync(EventStimulus.Kind, Bookmark.HashOf(EventStimulus.Kind, stimulus), cancellationToken);
        foreach (var trigger in published.OnlyRunId is null ? definitions.Triggers.OfKind(EventStimulus.Kind).Where(trigger => stimulus.Equals(trigger.Stimulus)) : [])
        {
            missed += await TryAsync(() => StartAsync(trigger, published, eventId, cancellationToken), $"story {trigger.DefinitionId}") ? 0 : 1;
        }

        foreach (var waiting in listeners)
        {
            if ((publishedAt is null || waiting.Bookmark.CreatedAt <= publishedAt) && await IsMeantAsync(waiting.RunId, published, cancellationToken))
            {
                missed += await TryAsync(
                    () => ResumeAsync(waiting, published, eventId, cancellationToken),
                    $"run {waiting.RunId}") ? 0 : 1;
            }
        }

        return missed;

        async Task<bool> TryAsync(Func<Task<bool>> tell, string whom)
        {
            try
            {
                return await tell();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogNotTold(e, whom, published.EventName);
                return false;
            }
        }
    }

    private async Task<bool> StartAsync(WorkflowTrigger trigger, PublishEventWork published, string eventId, CancellationToken cancellationToken)
    {
        if (await definitions.FindPublishedAsync(trigger.DefinitionId, cancellationToken) is not { } story)
        {
            return true;
        }

        var request = new StartRequest(trigger.DefinitionId)
        {
            RunId = RunIds.Of(eventId, trigger.DefinitionId, trigger.ActivityId),
            CorrelationId = published.CorrelationId,
            TriggerActivityId = trigger.ActivityId,
            TriggerPayload = published.Payload,
        };
        try
        {
            await runtime.StartAsync(story, request, published.StartedBy, new RunOrigin { Hands = published.Hands, WaitsForRoom = true }, cancellationToken);
        }
        catch (RunExistsException)
        {
            // The event was published before, and this story heard of it.
        }

        return true;
    }

    /// <summary>A run that is busy, here or on another node, hears of it as soon as it can be told. When it is stored that it is to hear, the event was published before.</summary>
    private async Task<bool> ResumeAsync(StoredBookmark waiting, PublishEventWork published, string eventId, CancellationToken cancellationToken) =>
        await runtime.ResumeOrStoreAsync(waiting.RunId, waiting.Bookmark.Id, published.Payload, RunIds.Of(eventId, waiting.RunId, waiting.Bookmark.Id), TimeSpan.Zero, cancellationToken)
            is CommandOutcome.Done or CommandOutcome.Nothing or CommandOutcome.Elsewhere;

    private async Task<bool> IsMeantAsync(string runId, PublishEventWork published, CancellationToken cancellationToken) =>
        (published.OnlyRunId is null || published.OnlyRunId == runId)
        && (published.CorrelationId is null || (await runs.FindAsync(runId, cancellationToken))?.Identity.CorrelationId == published.CorrelationId);

    [LoggerMessage(LogLevel.Error, "{Listener} did not hear of event {EventName}")]
    private partial void LogNotTold(Exception exception, string listener, string eventName);
}
