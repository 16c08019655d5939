using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Activities.Stories;

/// <summary>Starts another story, and goes on at once unless it is to wait for it.</summary>
[Activity("Elsa", "Composition", "Create a new workflow instance of the specified workflow and dispatch it for execution.", Kind = ActivityKind.Task)]
internal sealed class DispatchWorkflow : Activity<IDictionary<string, object?>>
{
    [Required]
    [Input(DisplayName = "Workflow Definition", Description = "The definition ID of the workflow to dispatch.", UIHint = InputUIHints.WorkflowDefinitionPicker)]
    public Input<string>? WorkflowDefinitionId { get; set; }

    [Input(DisplayName = "Correlation ID", Description = "The correlation ID to associate the workflow with.")]
    public Input<string?>? CorrelationId { get; set; }

    [TakesSensitive]
    [Input(Description = "The input to send to the workflow.")]
    public Input<IDictionary<string, object>?>? Input { get; set; }

    [Input(Description = "Wait for the child workflow to complete before completing this activity.")]
    public Input<bool>? WaitForCompletion { get; set; }

    [Input(DisplayName = "Version", Description = "Published, Latest, a version's number or its ID.", Category = "Version", DefaultValue = StoryCall.Published)]
    public Input<string>? WorkflowVersion { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var waits = context.Get(WaitForCompletion);
        var call = await StoryCall.PrepareAsync(context, context.Get(WorkflowDefinitionId), context.Get(WorkflowVersion), waits ? TellParent.AtEnd : TellParent.Never);
        var child = call.Start(0, StoryCall.Values(context.GetMasked(Input)), context.Get(CorrelationId));
        context.JournalData["ChildRunId"] = child;
        if (waits)
        {
            call.Wait(OnChildEndedAsync, once: true);
            return;
        }

        context.Set(Result, StoryCall.Result(child, WorkflowSubStatus.Pending, new Dictionary<string, object?>()));
        await context.CompleteActivityAsync();
    }

    private ValueTask OnChildEndedAsync(ActivityExecutionContext context)
    {
        context.Set(Result, StoryCall.ResultOf(context));
        return context.CompleteActivityAsync();
    }
}
