using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>Evaluates programs for a story: secrets they name are fetched first, and what came from a secret is one.</summary>
internal abstract class StoryExpression(IEnumerable<CelProgram> programs) : CompiledExpression
{
    private readonly string[] secrets = [.. programs.SelectMany(program => program.Variables).Select(StoryNames.SecretOf).OfType<string>().Distinct()];

    public override ValueTask<object?> EvaluateAsync(IExpressionScope scope)
    {
        if (secrets.Length > 0)
        {
            return FetchAndEvaluateAsync(scope);
        }

        return new(Evaluate(new StoryActivation(scope, null), scope.CancellationToken));
    }

    protected abstract object? Evaluate(StoryActivation story, CancellationToken cancellationToken);

    /// <exception cref="ExpressionException">The program failed.</exception>
    protected static (object? Value, long Cost) Run(CelProgram program, StoryActivation story, CancellationToken cancellationToken)
    {
        try
        {
            var result = program.Evaluate(story, cancellationToken);
            return (StoryValues.From(result), result.Cost);
        }
        catch (CelException e)
        {
            throw ToExpressionException(e);
        }
    }

    public static ExpressionException ToExpressionException(CelException e) =>
        e.Line == 0 ? new(e.Message) : new(e.Message, e.Line, e.Column, e.Excerpt);

    private async ValueTask<object?> FetchAndEvaluateAsync(IExpressionScope scope)
    {
        var found = new Dictionary<string, Sensitive<string>?>(secrets.Length);
        foreach (var name in secrets)
        {
            found[name] = await scope.Host.Secrets.GetAsync(name, scope.CancellationToken);
        }

        return Evaluate(new StoryActivation(scope, found), scope.CancellationToken);
    }
}
