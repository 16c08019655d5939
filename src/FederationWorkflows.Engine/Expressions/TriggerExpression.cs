namespace FederationWorkflows.Engine.Expressions;

/// <summary>Evaluates an input of a trigger for something that arrived, before there is a run: only <c>trigger</c> has a value.</summary>
public static class TriggerExpression
{
    /// <summary>The value of the input; the type's default when it was not given.</summary>
    /// <param name="input">An input that is evaluated on demand.</param>
    /// <param name="trigger">What arrived.</param>
    /// <param name="host">Clock, secrets and limits.</param>
    /// <param name="cancellationToken">Ends the evaluation.</param>
    /// <exception cref="ExpressionException">The expression failed on what arrived.</exception>
    public static async ValueTask<T?> EvaluateAsync<T>(Input<T>? input, object trigger, ExpressionHost host, CancellationToken cancellationToken) =>
        input?.Compiled is { } compiled && await compiled.EvaluateAsync(new Scope(trigger, host, cancellationToken)) is { } value
            ? (T)(value is Sensitive sensitive && value is not T ? sensitive.RevealObject()! : value)
            : default;

    private sealed class Scope(object trigger, ExpressionHost host, CancellationToken cancellationToken) : IExpressionScope
    {
        public object? Trigger => trigger;

        public RunIdentity Run => throw new ExpressionException("There is no run yet when a trigger decides: 'run' has no value here. Use 'trigger'.");

        public ExpressionHost Host => host;

        public CancellationToken CancellationToken => cancellationToken;

        public object? GetVariable(VariableReference variable) => variable.Variable.Default;

        public object? GetInput(string name) => null;

        public IReadOnlyList<object?>? GetOutputs(ActivityNode activity) => null;
    }
}
