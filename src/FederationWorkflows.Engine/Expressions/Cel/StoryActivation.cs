using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>One evaluation of a story's expression: it reads what the activity may see, and secrets that were fetched before.</summary>
internal sealed class StoryActivation(IExpressionScope scope, IReadOnlyDictionary<string, Sensitive<string>?>? secrets) : IHostActivation
{
    public IExpressionScope Scope => scope;

    public ExpressionHost Host => scope.Host;

    public object? Trigger => scope.Trigger is ITriggerView view ? view.ForExpressions() : scope.Trigger;

    public object? Read(CelVariable variable) => StoryNames.Read(variable, this);

    /// <exception cref="CelException">There is no such secret.</exception>
    public Sensitive<string> Secret(string name) =>
        secrets?.GetValueOrDefault(name) ?? throw new CelException($"There is no secret '{name}', or this story may not read it.");

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
