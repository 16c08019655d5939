using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Activities.Stories;

/// <summary>A story used as an activity: its inputs, outputs and outcomes are the activity's own. It runs as a run of its own.</summary>
internal sealed class WorkflowDefinitionActivity(string definitionId) : Activity
{
    /// <summary>The version the designer placed; the published one where this server does not have it.</summary>
    [Input(IsBrowsable = false)]
    public string? WorkflowDefinitionVersionId { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var version = WorkflowDefinitionVersionId;
        if (version is not null && context.GetService<IStoryDirectory>() is { } directory && await directory.FindAsync(definitionId, version, context.CancellationToken) is null)
        {
            version = null;
        }

        var call = await StoryCall.PrepareAsync(context, definitionId, version, TellParent.AtEnd);
        var input = new Dictionary<string, object?>();
        var inputs = Node.Descriptor.Inputs;
        for (var slot = 0; slot < inputs.Count; slot++)
        {
            if (inputs[slot].IsSynthetic && Node.Inputs[slot] is not null)
            {
                input[inputs[slot].Name] = context.Inputs?[slot];
            }
        }

        context.JournalData["ChildRunId"] = call.Start(0, input, context.WorkflowIdentity.CorrelationId);
        call.Wait(OnChildEndedAsync, once: true);
    }

    private ValueTask OnChildEndedAsync(ActivityExecutionContext context)
    {
        _ = StoryCall.ResultOf(context);
        var report = (ReportToParent)context.ResumeInput!;
        var outputs = Node.Descriptor.Outputs;
        for (var slot = 0; slot < outputs.Count; slot++)
        {
            context.SetOutput(slot, report.Output.GetValueOrDefault(outputs[slot].Name));
        }

        return context.CompleteActivityAsync(report.Outcomes);
    }
}
