using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>Waits for a while.</summary>
[Activity("Elsa", "Scheduling", "Delay execution for the specified amount of time.")]
[NoSideEffects]
internal sealed class Delay : CodeActivity
{
    [Required]
    [RefusesSensitive]
    [Input(Description = "The amount of time to delay execution, for example 00:05:00.")]
    public Input<TimeSpan>? TimeSpan { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.WaitFor(context.Get(TimeSpan));
}
