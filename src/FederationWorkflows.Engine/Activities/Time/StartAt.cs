using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>Starts one run at a time; inside a run, waits for it.</summary>
[Activity("Elsa", "Scheduling", "Trigger execution at a specific time in the future.")]
[NoSideEffects]
internal sealed class StartAt : Trigger
{
    [Required]
    [RefusesSensitive]
    [Input(Description = "The date and time at which to execute, for example 2026-01-31T12:00:00Z.")]
    public Input<DateTimeOffset>? DateTime { get; set; }

    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context) => [new StartAtStimulus(context.Get(DateTime).ToUniversalTime())];

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (!context.IsTriggerOfWorkflow)
        {
            context.WaitUntil(context.Get(DateTime), "ExecuteAt");
        }

        return context.CompleteUnlessWaitingAsync();
    }
}
