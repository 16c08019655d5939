using System.ComponentModel.DataAnnotations;
using System.Numerics;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine.Activities.Stories;

/// <summary>Starts another story once for each item, and waits for all of them unless told otherwise.</summary>
[Activity("Elsa", "Composition", "Create new workflow instances for each item in the data source and dispatch them for execution.", Kind = ActivityKind.Task)]
[FlowNode(Completed, "Canceled", Outcomes.Done)]
internal sealed class BulkDispatchWorkflows : Activity, IDeclaresBodyVariables
{
    private const string Completed = "Completed";

    private const string ChildInstanceId = "ChildInstanceId";

    /// <summary>They are asked for in one commit.</summary>
    private const int MaxItems = 10_000;

    private readonly ActivityCompletionCallback onBranchCompleted;

    public BulkDispatchWorkflows()
    {
        onBranchCompleted = OnBranchCompletedAsync;
    }

    [Required]
    [Input(DisplayName = "Workflow Definition", Description = "The definition ID of the workflows to dispatch.", UIHint = InputUIHints.WorkflowDefinitionPicker)]
    public Input<string>? WorkflowDefinitionId { get; set; }

    [Required]
    [TakesSensitive]
    [Input(Description = "The data source to use for dispatching the workflows.")]
    public Input<ICollection<object?>>? Items { get; set; }

    [Input(
        Description = "The default key to use for the input name when sending the current item to the dispatched workflow. Will not be used if the Items field contains a list of objects.",
        DefaultValue = "Item")]
    public Input<string>? DefaultItemInputKey { get; set; }

    [Input(DisplayName = "Correlation ID Function", Description = "The correlation ID to associate the dispatched workflows with.")]
    public Input<string?>? CorrelationIdFunction { get; set; }

    [TakesSensitive]
    [Input(Description = "Additional input to send to the workflows being dispatched.")]
    public Input<IDictionary<string, object>?>? Input { get; set; }

    [Input(Description = "Wait for the dispatched workflows to complete before completing this activity.", DefaultValue = true)]
    public Input<bool>? WaitForCompletion { get; set; }

    [Input(DisplayName = "Version", Description = "Published, Latest, a version's number or its ID.", Category = "Version", DefaultValue = StoryCall.Published)]
    public Input<string>? WorkflowVersion { get; set; }

    [Port]
    public IActivity? ChildCompleted { get; set; }

    [Port]
    public IActivity? ChildFaulted { get; set; }

    public IEnumerable<Variable> BodyVariables => [new($"{Id}:{ChildInstanceId}", ChildInstanceId, typeof(string))];

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var items = (object?[]?)context.Get(Items) ?? [];
        if (items.Length > MaxItems)
        {
            throw new InvalidOperationException($"There are {items.Length} items, and at most {MaxItems} stories are dispatched at once. Dispatch them in portions.");
        }

        var waits = context.Get(WaitForCompletion) && items.Length > 0;
        var call = await StoryCall.PrepareAsync(context, context.Get(WorkflowDefinitionId), context.Get(WorkflowVersion), waits ? TellParent.AtEnd : TellParent.Never);
        for (var i = 0; i < items.Length; i++)
        {
            var input = StoryCall.Values(context.GetMasked(Input));
            foreach (var (name, value) in OfItem(context, Loop.ItemOf(context, Items!, items, i)))
            {
                input[name] = value;
            }

            call.Start(i, input, context.Get(CorrelationIdFunction));
        }

        context.JournalData["DispatchedCount"] = items.Length;
        if (!waits)
        {
            await context.CompleteActivityWithOutcomesAsync(Outcomes.Done);
            return;
        }

        context.Cursor = items.Length;
        context.ContainerState = new byte[(items.Length + 7) / 8];
        call.Wait(OnChildEndedAsync, once: false);
    }

    /// <summary>An object gives its properties as inputs; anything else is one input.</summary>
    private Dictionary<string, object?> OfItem(ActivityExecutionContext context, object? item) =>
        (item is Sensitive secret ? secret.RevealObject() : item) is IReadOnlyDictionary<string, object?> or IDictionary<string, object?> or System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Object }
            ? StoryCall.Values(item)
            : new Dictionary<string, object?> { [context.Get(DefaultItemInputKey) is { Length: > 0 } key ? key : "Item"] = item };

    /// <summary>A run may tell twice that it has ended: which ones did is remembered one by one.</summary>
    private ValueTask OnChildEndedAsync(ActivityExecutionContext context)
    {
        var report = context.ResumeInput as ReportToParent ?? throw new InvalidOperationException("The activity waits for runs that it started, and was resumed by something else.");
        var ended = (byte[])((byte[])context.ContainerState!).Clone();
        var bit = (byte)(1 << (report.Parent.Index % 8));
        if ((ended[report.Parent.Index / 8] & bit) != 0)
        {
            return ValueTask.CompletedTask;
        }

        ended[report.Parent.Index / 8] |= bit;
        context.ContainerState = ended;
        var branch = report.SubStatus switch
        {
            WorkflowSubStatus.Faulted => ChildFaulted,
            WorkflowSubStatus.Finished => ChildCompleted,
            _ => null,
        };
        if (branch is null)
        {
            return CompleteAfterLastAsync(context);
        }

        context.Schedule(((Activity)branch).Node, onBranchCompleted, [report.RunId]);
        return ValueTask.CompletedTask;
    }

    private ValueTask OnBranchCompletedAsync(ActivityCompletedContext context) => CompleteAfterLastAsync(context.TargetContext);

    private static ValueTask CompleteAfterLastAsync(ActivityExecutionContext context) =>
        ((byte[])context.ContainerState!).Sum(part => BitOperations.PopCount(part)) == context.Cursor && context.FirstChild is null
            ? context.CompleteActivityWithOutcomesAsync(Completed, Outcomes.Done)
            : ValueTask.CompletedTask;
}
