using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Activities.Events;

/// <summary>Publishes an event: stories that start with it are started, and runs that wait for it go on.</summary>
[Activity("Elsa", "Primitives", "Publishes an event.")]
internal sealed class PublishEvent : CodeActivity
{
    [Required]
    [Input(Description = "The name of the event to publish.")]
    public Input<string>? EventName { get; set; }

    [Input(Description = "The correlation ID to scope the event to.")]
    public Input<string?>? CorrelationId { get; set; }

    [Input(DisplayName = "Local event", Description = "Only this run hears of it.")]
    public Input<bool>? IsLocalEvent { get; set; }

    [TakesSensitive]
    [Input(Description = "The payload of the event.")]
    public Input<object?>? Payload { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.AddFollowUp(new PublishEventWork
    {
        EventName = context.Get(EventName) is { Length: > 0 } name ? name : throw new InvalidOperationException("The name of the event is empty, so nobody could listen for it."),
        CorrelationId = context.Get(CorrelationId) is { Length: > 0 } correlation ? correlation : null,
        OnlyRunId = context.Get(IsLocalEvent) ? context.Run.Id : null,
        Payload = context.GetMasked(Payload),
        StartedBy = context.Run.StartedBy,
        Hands = context.Run.Hands,
    });
}
