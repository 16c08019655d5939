using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Scheduling;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>Starts a run at an interval; inside a run, waits for one.</summary>
[Activity("Elsa", "Scheduling", "Trigger workflow execution at a specific interval.")]
[NoSideEffects]
internal sealed class Timer : Trigger
{
    /// <summary>A shorter one would keep the server busy with nothing else.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    [Required]
    [RefusesSensitive]
    [Input(Description = "The interval at which the timer should execute, for example 00:05:00.")]
    public Input<TimeSpan>? Interval { get; set; }

    [Input(DisplayName = "Missed times", Description = "What becomes of times that passed while no server ran.", Category = "Schedule", DefaultValue = Engine.Scheduling.MisfirePolicy.FireOnceNow)]
    public Input<MisfirePolicy>? MisfirePolicy { get; set; }

    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context)
    {
        var interval = context.Get(Interval);
        return interval >= Shortest && interval <= Waiting.Longest
            ? [new TimerStimulus(interval, context.Get(MisfirePolicy))]
            : throw new DefinitionException(new DefinitionProblem(
                "invalid-interval", $"The interval {interval} must be between {Shortest} and {Waiting.Longest.Days} days.", context.Node.Path + ".interval", context.Node.Id));
    }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (!context.IsTriggerOfWorkflow)
        {
            context.WaitFor(context.Get(Interval));
        }

        return context.CompleteUnlessWaitingAsync();
    }
}
