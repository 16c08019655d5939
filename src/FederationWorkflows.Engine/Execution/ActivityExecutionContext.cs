using System.Globalization;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Engine;

/// <summary>
/// One execution of one activity in one run (Elsa contract: ActivityExecutionContext). An activity that awaits runs beside others of its run:
/// what it sets here takes effect when it returns.
/// </summary>
public sealed partial class ActivityExecutionContext : IExpressionScope
{
    internal ActivityExecutionContext(WorkflowRun run, ActivityNode node, ActivityExecutionContext? parent, long number, ActivityCompletionCallback? callback)
    {
        Run = run;
        Node = node;
        ParentActivityExecutionContext = parent;
        Number = number;
        Callback = callback;
    }

    /// <summary>The execution's id, unique among all runs and stable over restarts.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Run.Id}-{Number}");

    /// <summary>
    /// The same for every attempt of this execution, in this process or after a restart: hand it to whatever can recognise a repetition.
    /// </summary>
    public string IdempotencyKey => Id;

    /// <summary>Which attempt of this execution it is, from 1; more than 1 after an error that the activity's retry policy forgives.</summary>
    public int Attempt => FailedAttempts + 1;

    /// <summary>
    /// Whether the activity's retry policy (<c>customProperties.retry</c>) tries again when this error is thrown now. For an activity that could
    /// go on instead, with an answer that tells of a failure for instance.
    /// </summary>
    /// <param name="error">What would be thrown.</param>
    /// <param name="onlyIfNamed">The policy must name the error in <c>on</c>: that it forgives every error does not count.</param>
    public bool WouldRetry(Exception error, bool onlyIfNamed) =>
        Status == ActivityStatus.Running && Node.Retry is { } policy && !(onlyIfNamed && policy.On.Wanted.Count == 0) && policy.DelayAfter(Attempt, error, 0) is not null;

    /// <summary>The activity that executes.</summary>
    public IActivity Activity => Node.Activity;

    /// <summary>The activity's type.</summary>
    public ActivityDescriptor ActivityDescriptor => Node.Descriptor;

    /// <summary>The activity's place in the definition.</summary>
    public string NodeId => Node.NodeId;

    /// <summary>How this execution stands.</summary>
    public ActivityStatus Status { get; internal set; }

    /// <summary>When it began, UTC; default before.</summary>
    public DateTimeOffset StartedAt
    {
        get => new(startedTicks, TimeSpan.Zero);
        internal set => startedTicks = value.UtcTicks;
    }

    /// <summary>The execution that scheduled this one; null for the workflow itself.</summary>
    public ActivityExecutionContext? ParentActivityExecutionContext { get; }

    /// <summary>Cancelled when this execution is cancelled, runs out of time, or the process stops.</summary>
    public CancellationToken CancellationToken => Rare.Cancellation.Token;

    /// <summary>When this execution's time is up, UTC; null when it has no limit.</summary>
    public DateTimeOffset? Deadline => Node.Timeout is { } timeout ? StartedAt + timeout : null;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => Run.Environment.TimeProvider;

    /// <summary>What the execution adds to its journal entry. Never put a secret here in clear.</summary>
    public IDictionary<string, object?> JournalData => Rare.JournalData ??= new Dictionary<string, object?>();

    /// <summary>The values given when a bookmark of this activity was resumed.</summary>
    public object? ResumeInput => rare?.ResumeInput;

    /// <summary>What started the run, when this activity is the trigger that did; otherwise null.</summary>
    public object? TriggerPayload => IsTriggerOfWorkflow ? Run.TriggerPayload : null;

    /// <summary>This activity is the trigger that started the run, and has not executed before.</summary>
    public bool IsTriggerOfWorkflow => Run.IsUnusedTrigger(Node);

    /// <summary>The run's identity.</summary>
    public RunIdentity WorkflowIdentity => Run.Identity;

    /// <summary>The people through whose hands the run went, for what not everybody may use (<see cref="Stories.Hands"/>).</summary>
    public IReadOnlyList<string> RunHands => Run.Hands;

    object? IExpressionScope.Trigger => Run.TriggerPayload;

    RunIdentity IExpressionScope.Run => Run.Identity;

    ExpressionHost IExpressionScope.Host => Run.Workflow.Host;

    /// <summary>A service of the host.</summary>
    public T GetRequiredService<T>()
        where T : notnull => Run.Environment.Services.GetRequiredService<T>();

    /// <summary>A service of the host, or null.</summary>
    public T? GetService<T>() => Run.Environment.Services.GetService<T>();

    /// <summary>The value of an input in clear; the type's default when the story gives none.</summary>
    public T? Get<T>(Input<T>? input) => input is null || input.Slot < 0 ? default : Clear<T>(Inputs?[input.Slot]);

    /// <summary>Whether the value of an input came from something sensitive. It must then not be shown.</summary>
    public bool IsSensitive<T>(Input<T>? input) => input is { Slot: >= 0 } && (Node.Descriptor.Inputs[input.Slot].IsSensitive || Inputs?[input.Slot] is Sensitive);

    /// <summary>The value of an input as it is: a <see cref="Sensitive"/> stays one.</summary>
    public object? GetMasked<T>(Input<T>? input) => input is null || input.Slot < 0 ? null : Inputs?[input.Slot];

    /// <summary>Evaluates an input that is not evaluated before the activity executes, such as the condition of a case.</summary>
    /// <exception cref="ExpressionException">The expression failed.</exception>
    public ValueTask<T?> EvaluateAsync<T>(Input<T>? input)
    {
        if (input?.Compiled is not { } compiled)
        {
            return new(default(T));
        }

        var pending = compiled.EvaluateAsync(this);
        return pending.IsCompletedSuccessfully ? new(Clear<T>(pending.Result)) : Await(pending);

        static async ValueTask<T?> Await(ValueTask<object?> pending) => Clear<T>(await pending);
    }

    /// <summary>Sets an output. It is captured by the variable the story names, and readable by later activities.</summary>
    public void Set<T>(Output<T>? output, T? value)
    {
        if (output is { Slot: >= 0 })
        {
            SetOutput(output.Slot, value);
        }
    }

    /// <summary>Sets the output named <c>Result</c>.</summary>
    /// <exception cref="InvalidOperationException">The activity has no such output.</exception>
    public void SetResult(object? value)
    {
        var descriptors = Node.Descriptor.Outputs;
        for (var slot = 0; slot < descriptors.Count; slot++)
        {
            if (descriptors[slot].Name == "Result")
            {
                SetOutput(slot, value);
                return;
            }
        }

        throw new InvalidOperationException($"{Node.Descriptor.TypeName} has no output named Result.");
    }

    /// <summary>The value of a variable in scope, by name, converted.</summary>
    /// <exception cref="InvalidOperationException">No variable of that name is in scope.</exception>
    /// <exception cref="ValueConversionException">The value does not fit.</exception>
    public T? GetVariable<T>(string name) => Clear<T>(ValueConversion.Convert(ReadVariable(Find(name)), typeof(T)));

    /// <summary>Sets a variable in scope, by name.</summary>
    /// <exception cref="InvalidOperationException">No variable of that name is in scope.</exception>
    public void SetVariable(string name, object? value) => WriteVariable(Find(name), value);

    /// <summary>Sets a variable that is in scope here.</summary>
    public void Set(Variable variable, object? value) => WriteVariable(Find(variable), value);

    /// <summary>The value of a workflow input, converted; the type's default when the run was started without it.</summary>
    public T? GetWorkflowInput<T>(string name) => Clear<T>(ValueConversion.Convert(Run.GetInput(name), typeof(T)));

    /// <summary>Sets a workflow output.</summary>
    /// <exception cref="ValueConversionException">The value nests too deep.</exception>
    public void SetWorkflowOutput(string name, object? value)
    {
        (Rare.WorkflowOutputs ??= []).Add((name, Fit("Workflow output", name, value, typeof(object))));
    }

    /// <summary>Gives the run another name.</summary>
    public void SetRunName(string? name) => Rare.RunName = name ?? "";

    /// <summary>Ties the run to something outside.</summary>
    public void SetCorrelationId(string? correlationId) => Rare.CorrelationId = correlationId ?? "";

    /// <summary>Something to be done when this execution's result is on disk, such as answering the caller.</summary>
    public void AddEffect(object effect) => (Rare.Effects ??= []).Add(effect);

    object? IExpressionScope.GetVariable(VariableReference variable) => ReadVariable(variable);

    object? IExpressionScope.GetInput(string name) => Run.GetInput(name);

    IReadOnlyList<object?>? IExpressionScope.GetOutputs(ActivityNode activity) => Run.GetOutputs(activity);

    private static T? Clear<T>(object? value) => value switch
    {
        T typed => typed,
        Sensitive sensitive => sensitive.RevealObject() is T revealed ? revealed : default,
        _ => default,
    };

    /// <summary>What was published is in the journal and the register: it is not changed any more, but replaced.</summary>
    internal void SetOutput(int slot, object? value)
    {
        value = Fit("Output", Node.Descriptor.Outputs[slot].Name, value, typeof(object));
        var values = Outputs is null ? new object?[Node.Descriptor.Outputs.Count] : OutputsPublished ? [.. Outputs] : Outputs;
        values[slot] = value;
        OutputsPublished = false;
        Outputs = values;
    }

    private VariableReference Find(string name)
    {
        for (var scope = Node; scope is not null; scope = scope.Parent)
        {
            var index = scope.VariableList.FindIndex(variable => variable.Name == name);
            if (index >= 0)
            {
                return new VariableReference(scope, index, scope.VariableList[index]);
            }
        }

        throw new InvalidOperationException($"There is no variable '{name}' in scope of activity '{Node.Id}'. Declare it under \"variables\".");
    }

    private VariableReference Find(Variable variable)
    {
        for (var scope = Node; scope is not null; scope = scope.Parent)
        {
            var index = scope.VariableList.IndexOf(variable);
            if (index >= 0)
            {
                return new VariableReference(scope, index, variable);
            }
        }

        throw new InvalidOperationException($"The variable '{variable.Name}' is not in scope of activity '{Node.Id}'.");
    }

    private object? ReadVariable(VariableReference variable)
    {
        // What this execution wrote and the run has not taken over yet comes first.
        for (var i = (rare?.VariableWrites?.Count ?? 0) - 1; i >= 0; i--)
        {
            var write = rare!.VariableWrites![i];
            if (write.Scope.Node == variable.Scope && write.Index == variable.Index)
            {
                return write.Value;
            }
        }

        return Scope(variable).Variables![variable.Index];
    }

    private void WriteVariable(VariableReference variable, object? value)
    {
        var scope = Scope(variable);
        value = Fit("Variable", variable.Variable.Name, value, variable.Variable.Type);
        if (Run.IsOnTurn)
        {
            scope.Assign(variable.Index, value);
        }
        else
        {
            (Rare.VariableWrites ??= []).Add((scope, variable.Index, value));
        }
    }

    /// <summary>The value as the type has it, fit to be saved; an error names whose value it is.</summary>
    private static object? Fit(string subject, string name, object? value, Type type)
    {
        try
        {
            JsonValues.CheckDepth(value);
            return type == typeof(object) ? value : ValueConversion.Convert(value, type);
        }
        catch (ValueConversionException e)
        {
            throw new ValueConversionException($"{subject} '{name}' {e.Message}.");
        }
    }

    private ActivityExecutionContext Scope(VariableReference variable)
    {
        var scope = this;
        while (scope.Node != variable.Scope)
        {
            scope = scope.ParentActivityExecutionContext ?? throw new InvalidOperationException($"The variable '{variable.Variable.Name}' is out of scope.");
        }

        return scope;
    }
}
