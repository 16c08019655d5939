using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>The expression type <c>CEL</c>: Common Expression Language over what a story knows.</summary>
internal sealed class CelHandler : IExpressionHandler
{
    /// <summary>
    /// The designer's editor does not know CEL. Of the languages it colours, Python's strings, operators and calls are the nearest; JavaScript's
    /// would mark what is right in CEL, such as <c>{'a': 1u}</c>, as wrong.
    /// </summary>
    private static readonly Dictionary<string, object> Editor = new() { ["MonacoLanguage"] = "python" };

    public ExpressionDescriptor Descriptor { get; } = new("CEL", "CEL", IsBrowsable: true, Editor);

    public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
    {
        try
        {
            var program = StoryLibrary.EnvironmentFor(scope).Compile(expression.Text);
            return program.IsConstant ? CompiledExpression.Constant(StoryValues.From(program.Evaluate(NoActivation.Instance))) : new ProgramExpression(program);
        }
        catch (CelException e)
        {
            throw StoryExpression.ToExpressionException(e);
        }
    }

    private sealed class ProgramExpression(CelProgram program) : StoryExpression([program])
    {
        protected override object? Evaluate(StoryActivation story, CancellationToken cancellationToken)
        {
            var budget = story.Host.CostLimit;
            return Run(program, story, ref budget, cancellationToken);
        }
    }
}

/// <summary>For expressions that read nothing.</summary>
internal sealed class NoActivation : ICelActivation
{
    public static NoActivation Instance { get; } = new();

    public object? Read(CelVariable variable) => throw new InvalidOperationException($"A constant expression read '{variable.Name}'.");
}
