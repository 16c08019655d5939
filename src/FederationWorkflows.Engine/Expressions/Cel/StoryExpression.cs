using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>Evaluates programs for a story: secrets they name are fetched first, and what came from a secret is one.</summary>
internal abstract class StoryExpression(IEnumerable<CelProgram> programs) : CompiledExpression
{
    private readonly string[] secrets = [.. programs.SelectMany(program => program.Variables).Select(StoryNames.SecretOf).OfType<string>().Distinct()];

    public override IReadOnlyCollection<string> SecretNames => secrets;

    public override ValueTask<object?> EvaluateAsync(IExpressionScope scope)
    {
        if (secrets.Length > 0)
        {
            return FetchAndEvaluateAsync(scope);
        }

        return new(Evaluate(new StoryActivation(scope, null), scope.CancellationToken));
    }

    protected abstract object? Evaluate(StoryActivation story, CancellationToken cancellationToken);

    /// <summary>The program's value, in the run's own types.</summary>
    /// <param name="program">What to evaluate.</param>
    /// <param name="activation">What it reads.</param>
    /// <param name="budget">What it may cost, and then what is left.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="ExpressionException">The program failed.</exception>
    public static object? Run(CelProgram program, ICelActivation activation, ref long budget, CancellationToken cancellationToken)
    {
        try
        {
            return StoryValues.From(program.Evaluate(activation, ref budget, cancellationToken));
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
