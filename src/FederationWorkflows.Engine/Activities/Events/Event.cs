using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Engine.Activities.Events;

/// <summary>Starts a run, or waits inside one, until an event is published.</summary>
[Activity("Elsa", "Primitives", "Wait for an event to be published.")]
[NoSideEffects]
internal sealed class Event : Trigger<object?>
{
    [Required]
    [RefusesSensitive]
    [Input(Description = "The name of the event to listen for.")]
    public Input<string>? EventName { get; set; }

    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context) => [new EventStimulus(context.Get(EventName)!)];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (context.IsTriggerOfWorkflow)
        {
            context.SetResult(context.TriggerPayload);
            return context.CompleteActivityAsync();
        }

        var name = context.Get(EventName);
        if (string.IsNullOrEmpty(name))
        {
            throw new InvalidOperationException("The name of the event is empty, so nobody could publish it.");
        }

        context.CreateBookmark(new EventStimulus(name), OnPublishedAsync);
        return ValueTask.CompletedTask;
    }

    private ValueTask OnPublishedAsync(ActivityExecutionContext context)
    {
        context.Set(Result, context.ResumeInput);
        return context.CompleteActivityAsync();
    }
}
