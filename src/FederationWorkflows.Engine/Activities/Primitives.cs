using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace FederationWorkflows.Engine.Activities;

/// <summary>Where a flowchart begins.</summary>
[Activity("Elsa", "Flow", "A milestone activity that marks the start of a flowchart.")]
[NoSideEffects]
[ActivityTraits(IsStart = true)]
internal sealed class Start : CodeActivity;

/// <summary>Where a flowchart or sequence ends.</summary>
[Activity("Elsa", "Flow", "A milestone activity that marks the end of a flowchart.")]
[NoSideEffects]
[ActivityTraits(IsTerminal = true)]
internal sealed class End : CodeActivity;

/// <summary>Runs its body as one step of a flowchart.</summary>
[Activity("Elsa", "Flow", "Wrap an activity as a step of a flowchart.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false)]
internal sealed class FlowNode : Activity
{
    private readonly ActivityCompletionCallback onBodyCompleted;

    public FlowNode()
    {
        onBodyCompleted = OnBodyCompletedAsync;
    }

    [Port]
    public IActivity? Body { get; set; }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context) => context.ScheduleOrCompleteAsync(Body, onBodyCompleted);

    private ValueTask OnBodyCompletedAsync(ActivityCompletedContext context) => context.TargetContext.CompleteActivityAsync();
}

/// <summary>Completes the workflow, or the workflow used as an activity, that holds it.</summary>
[Activity("Elsa", "Composition", "Complete the composite activity that contains this activity.")]
[NoSideEffects]
[ActivityTraits(IsTerminal = true)]
internal sealed class Complete : Activity
{
    [Input(Description = "The outcome or outcomes to complete with.", DefaultSyntax = "Object", UIHint = InputUIHints.OutcomePicker)]
    public Input<object>? Outcomes { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (context.IsSensitive(Outcomes))
        {
            throw new InvalidOperationException("Input 'Outcomes' was given a secret, but outcomes are shown to everybody.");
        }

        var outcomes = context.Get(Outcomes) switch
        {
            null or "" => Engine.Outcomes.Default,
            string single => new Outcomes(single),
            var several => new Outcomes((string[])ValueConversion.Convert(several, typeof(string[]))!),
        };
        await context.SendSignalAsync(new CompleteSignal(outcomes));
        await context.CompleteActivityAsync();
    }
}

/// <summary>Ends the run.</summary>
[Activity("Elsa", "Primitives", "Mark the workflow as finished.")]
[NoSideEffects]
[ActivityTraits(IsTerminal = true)]
internal sealed class Finish : Activity
{
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        await context.SendSignalAsync(new FinishSignal());
        await context.CompleteActivityAsync();
    }
}

/// <summary>Fails on purpose.</summary>
[Activity("Elsa", "Primitives", "Faults the workflow.")]
[NoSideEffects]
[ActivityTraits(IsTerminal = true)]
internal sealed class Fault : Activity
{
    [Input(Description = "A code that others can recognise.")]
    public Input<string?>? Code { get; set; }

    [Input(Description = "The category, e.g. HTTP.")]
    public Input<string?>? Category { get; set; }

    [Input(DisplayName = "Type", Description = "The type, e.g. System or Business.")]
    public Input<string?>? FaultType { get; set; }

    [Input(Description = "What went wrong.")]
    public Input<string?>? Message { get; set; }

    protected override void Execute(ActivityExecutionContext context)
    {
        var fault = new FaultException(
            context.Get(Code) ?? "0",
            context.Get(Category) ?? "General",
            context.Get(FaultType) ?? "System",
            context.IsSensitive(Message) ? Sensitive.Mask : context.Get(Message) ?? "The story faulted without a message.");
        context.JournalData["Code"] = context.GetMasked(Code) ?? fault.Code;
        context.JournalData["Category"] = context.GetMasked(Category) ?? fault.Category;
        context.JournalData["Type"] = context.GetMasked(FaultType) ?? fault.FaultType;
        throw fault;
    }
}

/// <summary>A story's own error.</summary>
public sealed class FaultException(string code, string category, string faultType, string message) : Exception(message)
{
    /// <summary>A code that others can recognise.</summary>
    public string Code { get; } = code;

    /// <summary>The category.</summary>
    public string Category { get; } = category;

    /// <summary>The type.</summary>
    public string FaultType { get; } = faultType;
}

/// <summary>Assigns a variable.</summary>
[Activity("Elsa", "Primitives", "Assign a value to a workflow variable.")]
[NoSideEffects]
internal sealed class SetVariable : CodeActivity
{
    [Required]
    [Input(Description = "The variable to assign the value to.")]
    public Variable? Variable { get; set; }

    [Input(Description = "The value to assign.")]
    public Input<object?>? Value { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.Set(Variable!, context.GetMasked(Value));
}

/// <summary>Assigns an output of the workflow.</summary>
[Activity("Elsa", "Composition", "Set the value of an output of the workflow.")]
[NoSideEffects]
internal sealed class SetOutput : CodeActivity
{
    [Required]
    [RefusesSensitive]
    [Input(DisplayName = "Output", Description = "The output to assign the value to.", UIHint = InputUIHints.OutputPicker)]
    public Input<string>? OutputName { get; set; }

    [Input(DisplayName = "Value", Description = "The value to assign.")]
    public Input<object?>? OutputValue { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.SetWorkflowOutput(context.Get(OutputName)!, context.GetMasked(OutputValue));
}

/// <summary>Names the run.</summary>
[Activity("Elsa", "Primitives", "Set the name of the workflow instance to a specified value.")]
[NoSideEffects]
internal sealed class SetName : CodeActivity
{
    [Input(Description = "The name.", CanContainSecrets = false)]
    public Input<string?> Value { get; set; } = new("");

    protected override void Execute(ActivityExecutionContext context) => context.SetRunName(context.IsSensitive(Value) ? Sensitive.Mask : context.Get(Value));
}

/// <summary>Ties the run to something outside.</summary>
[Activity("Elsa", "Primitives", "Set the CorrelationId of the workflow to a given value.")]
[NoSideEffects]
internal sealed class Correlate : CodeActivity
{
    [Input(Description = "The correlation id.")]
    public Input<string?>? CorrelationId { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.SetCorrelationId(context.IsSensitive(CorrelationId) ? Sensitive.Mask : context.Get(CorrelationId));
}

/// <summary>Where <c>Elsa.WriteLine</c> writes.</summary>
public interface IStandardOutput
{
    /// <summary>Writes one line.</summary>
    void WriteLine(string text);
}

/// <summary>Writes a line.</summary>
[Activity("Elsa", "Console", "Write a line of text to the console.")]
[NoSideEffects]
internal sealed class WriteLine : CodeActivity
{
    [Input(Description = "The text to write.")]
    public Input<string?>? Text { get; set; }

    protected override void Execute(ActivityExecutionContext context) =>
        context.GetService<IStandardOutput>()?.WriteLine(context.IsSensitive(Text) ? Sensitive.Mask : context.Get(Text) ?? "");
}

/// <summary>Stands where a file had a type that the server did not know when the file was read.</summary>
[Activity("Elsa", "System", "An activity whose type is not known.")]
[NoSideEffects]
[ActivityTraits(IsBrowsable = false)]
internal sealed class NotFoundActivity : Activity
{
    [Input(Description = "The type that is not known.")]
    public string? MissingTypeName { get; set; }

    [Input(Description = "Its version.")]
    public int MissingTypeVersion { get; set; }

    [Input(Description = "The activity as it was read.")]
    public JsonElement? OriginalActivityJson { get; set; }

    protected override void Execute(ActivityExecutionContext context) =>
        throw new InvalidOperationException($"The activity type '{MissingTypeName}' version {MissingTypeVersion} is not known to this server. Register it, or replace the activity.");
}
