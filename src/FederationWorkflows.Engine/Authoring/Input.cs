using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine;

/// <summary>An input of an activity: the expression a story gave it. Immutable once compiled, and shared by all runs.</summary>
public abstract class Input
{
    /// <summary>What an input is until the compiler has placed it: evaluated on demand only.</summary>
    internal const int NoSlot = -1;

    private protected Input(Expression expression)
    {
        Expression = expression;
    }

    /// <summary>The expression whose value the input takes.</summary>
    public Expression Expression { get; }

    /// <summary>The type the value is converted to.</summary>
    public abstract Type Type { get; }

    /// <summary>The place of the evaluated value in the execution context, or <see cref="NoSlot"/>.</summary>
    internal int Slot { get; set; } = NoSlot;

    /// <summary>The compiled expression; set once by the compiler.</summary>
    internal CompiledExpression? Compiled { get; set; }
}

/// <inheritdoc cref="Input"/>
/// <typeparam name="T">The type the value is converted to.</typeparam>
public sealed class Input<T> : Input
{
    /// <summary>An input with a fixed value.</summary>
    public Input(T literal)
        : base(Expression.Literal(literal))
    {
        Compiled = CompiledExpression.Constant(literal);
    }

    /// <summary>An input that reads a variable.</summary>
    public Input(Variable variable)
        : base(Expression.OfVariable(variable))
    {
    }

    /// <summary>An input that evaluates an expression.</summary>
    public Input(Expression expression)
        : base(expression)
    {
    }

    /// <inheritdoc/>
    public override Type Type => typeof(T);
}
