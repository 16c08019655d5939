using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Activities.Tasks;

/// <summary>Asks a person or a system to do something, and waits until it is reported done.</summary>
[Activity("Elsa", "Primitives", "Requests a given task to be run.")]
internal sealed class RunTask : Activity<object?>
{
    [Required]
    [Input(Description = "The name of the task being requested.")]
    public Input<string>? TaskName { get; set; }

    [Input(Description = "Any additional parameters to send to the task.")]
    public Input<IDictionary<string, object>?>? Payload { get; set; }

    protected override void Execute(ActivityExecutionContext context)
    {
        var name = context.Get(TaskName) is { Length: > 0 } given ? given : throw new InvalidOperationException("The task has no name, so nobody could tell what to do.");
        var id = context.NewId();
        context.JournalData["TaskId"] = id;
        context.CreateBookmark(new CreateBookmarkArgs
        {
            Stimulus = new RunTaskStimulus(id),
            Callback = OnCompletedAsync,
            Metadata = new Dictionary<string, string> { [RunTaskStimulus.NameKey] = name, [RunTaskStimulus.PayloadKey] = JsonValues.ToJson(context.GetMasked(Payload)) },
        });
        context.AddEffect(new TaskRequested(id, name, context.GetMasked(Payload)));
    }

    private ValueTask OnCompletedAsync(ActivityExecutionContext context)
    {
        context.Set(Result, context.ResumeInput);
        return context.CompleteActivityAsync();
    }
}
