using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Activities.Stories;

/// <summary>Runs another story, and goes on with its outputs when it has ended, or as soon as it waits for something.</summary>
[Activity("Elsa", "Composition", "Create a new workflow instance of the specified workflow and execute it.", Kind = ActivityKind.Task)]
internal sealed class ExecuteWorkflow : Activity<IDictionary<string, object?>>
{
    [Required]
    [Input(DisplayName = "Workflow Definition", Description = "The definition ID of the workflow to execute.", UIHint = InputUIHints.WorkflowDefinitionPicker)]
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
        var tell = context.Get(WaitForCompletion) ? TellParent.AtEnd : TellParent.AtRest;
        var call = await StoryCall.PrepareAsync(context, context.Get(WorkflowDefinitionId), context.Get(WorkflowVersion), tell);
        context.JournalData["ChildRunId"] = call.Start(0, StoryCall.Values(context.GetMasked(Input)), context.Get(CorrelationId));
        call.Wait(OnChildToldAsync, once: true);
    }

    private ValueTask OnChildToldAsync(ActivityExecutionContext context)
    {
        context.Set(Result, StoryCall.ResultOf(context));
        return context.CompleteActivityAsync();
    }
}
