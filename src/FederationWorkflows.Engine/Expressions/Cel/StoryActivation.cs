using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>One evaluation of a story's expression: it reads what the activity may see, and secrets that were fetched before.</summary>
internal sealed class StoryActivation(IExpressionScope scope, IReadOnlyDictionary<string, Sensitive<string>?>? secrets) : IHostActivation
{
    private Dictionary<CelVariable, object?>? wholes;

    public IExpressionScope Scope => scope;

    public ExpressionHost Host => scope.Host;

    public bool KeepsHostValues => true;

    public object? Trigger => scope.Trigger is ITriggerView view ? view.ForExpressions() : scope.Trigger;

    public object? Read(CelVariable variable) => variable.Members is null && variable != StoryNames.Trigger ? StoryNames.Read(variable, this) : ReadWhole(variable);

    /// <exception cref="CelException">There is no such secret.</exception>
    public Sensitive<string> Secret(string name) =>
        secrets?.GetValueOrDefault(name) ?? throw new CelException(SecretReference.Missing(name));

    /// <summary>A map of many values is put together once, however often a loop of the expression reads it.</summary>
    private object? ReadWhole(CelVariable variable)
    {
        wholes ??= new Dictionary<CelVariable, object?>(ReferenceEqualityComparer.Instance);
        if (!wholes.TryGetValue(variable, out var whole))
        {
            wholes.Add(variable, whole = StoryNames.Read(variable, this));
        }

        return whole;
    }

    public bool TryOpen(object value, out object? content, out bool confidential)
    {
        confidential = value is Sensitive;
        content = value is Sensitive sensitive ? sensitive.RevealObject() : RecordView.Of(value);
        return confidential || content is not null;
    }
}

/// <summary>An evaluation whose functions can ask the host for the time and for ids.</summary>
internal interface IHostActivation : ICelActivation
{
    ExpressionHost Host { get; }
}
