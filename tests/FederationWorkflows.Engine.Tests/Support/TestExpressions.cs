using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>
/// Expressions that tests need and Elsa's four do not have: <c>fail</c>, <c>below v 3</c>, <c>note x</c> and <c>note x false</c>
/// (leaves x among the world's calls), <c>later x</c> (yields text after a while), <c>output w</c> (the first output of an activity).
/// </summary>
internal sealed class TestExpressions : IExpressionHandler
{
    public const string Type = "Test";

    public ExpressionDescriptor Descriptor { get; } = new(Type, Type, IsBrowsable: false, new Dictionary<string, object>());

    public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope) =>
        new Scripted(expression.Text.Split(' '), scope);

    private sealed class Scripted(string[] words, IExpressionCompilationScope compilation) : CompiledExpression
    {
        private readonly VariableReference? variable = words[0] == "below" ? compilation.FindVariable(words[1]) : null;

        public override async ValueTask<object?> EvaluateAsync(IExpressionScope scope)
        {
            var world = ((ActivityExecutionContext)scope).GetRequiredService<World>();
            switch (words[0])
            {
                case "below":
                    world.Calls.Enqueue("evaluated");
                    return (int)scope.GetVariable(variable!)! < int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture);
                case "note":
                    world.Calls.Enqueue(words[1]);
                    return words.Length < 3;
                case "output":
                    return scope.GetOutputs(compilation.FindActivity(words[1])!)?[0];
                case "later":
                    await Task.Yield();
                    return words[1];
                default:
                    throw new ExpressionException("no luck");
            }
        }
    }
}
