namespace FederationWorkflows.Engine.Expressions;

/// <summary>An expression ready to be evaluated: immutable, shared by all runs of a definition and safe on any thread.</summary>
public abstract class CompiledExpression
{
    /// <summary>An expression that always has the same value.</summary>
    public static CompiledExpression Constant(object? value) => new ConstantExpression(value);

    /// <summary>The value, when no run can change it.</summary>
    public virtual bool TryGetConstant(out object? value)
    {
        value = null;
        return false;
    }

    /// <summary>The secrets it reads, by name.</summary>
    public virtual IReadOnlyCollection<string> SecretNames => [];

    /// <summary>
    /// Evaluates the expression. A result that came from a sensitive value is a <see cref="Sensitive"/>.
    /// </summary>
    /// <exception cref="ExpressionException">The expression failed on the values of this run, or passed its cost limit.</exception>
    public abstract ValueTask<object?> EvaluateAsync(IExpressionScope scope);

    private sealed class ConstantExpression(object? value) : CompiledExpression
    {
        public override bool TryGetConstant(out object? constant)
        {
            constant = value;
            return true;
        }

        public override ValueTask<object?> EvaluateAsync(IExpressionScope scope) => new(value);
    }
}

/// <summary>An expression that can not be compiled or evaluated.</summary>
public sealed class ExpressionException : Exception
{
    /// <summary>Says what is wrong, and where if the expression has lines.</summary>
    /// <param name="message">What happened and how to mend it; no value that could be a secret.</param>
    /// <param name="line">Line in the expression's text, from 1.</param>
    /// <param name="column">Column in the expression's text, from 1.</param>
    /// <param name="excerpt">The line with a caret under the column, or null.</param>
    public ExpressionException(string message, int? line = null, int? column = null, string? excerpt = null)
        : base(message)
    {
        Line = line;
        Column = column;
        Excerpt = excerpt;
    }

    /// <summary>Line in the expression's text, from 1; null when the expression has no positions.</summary>
    public int? Line { get; }

    /// <summary>Column in the expression's text, from 1; null when the expression has no positions.</summary>
    public int? Column { get; }

    /// <summary>The line with a caret under the column; null when the expression has no positions.</summary>
    public string? Excerpt { get; }

    /// <summary>The message with its place, for people.</summary>
    internal string Explain() => Line is null ? Message : $"{Message} (line {Line}, column {Column} of the expression){(Excerpt is null ? "" : "\n" + Excerpt)}";
}
