namespace FederationWorkflows.Engine.Expressions;

/// <summary>An expression language. Registered handlers together are what stories can use.</summary>
public interface IExpressionHandler
{
    /// <summary>How the language appears in the designer; its <see cref="ExpressionDescriptor.Type"/> is what stories name.</summary>
    ExpressionDescriptor Descriptor { get; }

    /// <summary>Compiles one expression. It is called once for each expression of a definition.</summary>
    /// <param name="expression">The expression; its type is this handler's.</param>
    /// <param name="returnType">The type the result will be converted to: a hint, the engine converts.</param>
    /// <param name="scope">The names the expression may use.</param>
    /// <exception cref="ExpressionException">The expression is wrong; the message says how to mend it.</exception>
    CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope);
}

/// <summary>The names that an expression can use at its place in a definition.</summary>
public interface IExpressionCompilationScope
{
    /// <summary>Finds a variable by id, else by name, from the innermost scope outwards.</summary>
    VariableReference? FindVariable(string idOrName);

    /// <summary>The names of all variables in scope.</summary>
    IEnumerable<string> VariableNames { get; }

    /// <summary>The names of the workflow's inputs.</summary>
    IReadOnlyCollection<string> InputNames { get; }

    /// <summary>Finds an activity of the definition by id.</summary>
    ActivityNode? FindActivity(string id);

    /// <summary>The ids of all activities of the definition.</summary>
    IEnumerable<string> ActivityIds { get; }

    /// <summary>Clock, functions and limits.</summary>
    ExpressionHost Host { get; }
}

/// <summary>How an expression language appears in the designer (Elsa contract: expression descriptors).</summary>
/// <param name="Type">The name stories use.</param>
/// <param name="DisplayName">The name people see.</param>
/// <param name="IsBrowsable">Offered in the designer's menu.</param>
/// <param name="Properties"><c>MonacoLanguage</c> or <c>UIHint</c>: which editor the designer opens.</param>
public sealed record ExpressionDescriptor(string Type, string DisplayName, bool IsBrowsable, IReadOnlyDictionary<string, object> Properties);
