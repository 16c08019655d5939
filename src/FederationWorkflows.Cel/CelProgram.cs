using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Compilation;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel;

/// <summary>A compiled expression: immutable, and safe on any thread.</summary>
public sealed class CelProgram
{
    /// <summary>How System.Text.Json marks what it throws when a text, escaped in the JSON, cannot be read.</summary>
    private const string JsonReadingFailure = "System.Text.Json.Rethrowable";

    private readonly CelOptions options;
    private readonly int locals;
    private readonly Evaluator evaluator;
    private CelEvaluation? spare;

    internal CelProgram(CheckedTree tree, CelOptions options)
    {
        this.options = options;
        locals = tree.LocalCount;
        evaluator = Compiler.Compile(tree);
        Text = tree.Tree.Text;
        ResultType = tree.TypeOf(tree.Tree.Root);
        IsConstant = !tree.References.Any(reference => reference is CelVariable or ResolvedCall { IsVolatile: true });
        Variables = [.. tree.References.OfType<CelVariable>().Distinct()];
    }

    /// <summary>The text it was compiled from.</summary>
    public string Text { get; }

    /// <summary>The type of its result, as far as it is known.</summary>
    public CelType ResultType { get; }

    /// <summary>It has the same result whenever it is evaluated.</summary>
    public bool IsConstant { get; }

    /// <summary>The variables it may read.</summary>
    public IReadOnlyList<CelVariable> Variables { get; }

    /// <summary>Evaluates the expression.</summary>
    /// <param name="activation">What it reads.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="CelException">It failed on these values, or passed its cost limit.</exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public CelResult Evaluate(ICelActivation activation, CancellationToken cancellationToken = default)
    {
        var budget = options.CostLimit;
        return Evaluate(activation, ref budget, cancellationToken);
    }

    /// <summary>Evaluates the expression with what others have left of a budget they share, and takes from it what it cost.</summary>
    /// <inheritdoc cref="Evaluate(ICelActivation, CancellationToken)"/>
    /// <param name="activation">What it reads.</param>
    /// <param name="budget">What it may cost, and then what is left.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public CelResult Evaluate(ICelActivation activation, ref long budget, CancellationToken cancellationToken = default)
    {
        var evaluation = Interlocked.Exchange(ref spare, null) ?? new CelEvaluation(options, locals);
        evaluation.Begin(activation, cancellationToken, budget);
        try
        {
            var value = evaluator(evaluation);
            return value.IsError ? throw Failed(value.Fault, evaluation.IsConfidential) : CelResult.From(evaluation, value);
        }
        catch (InvalidOperationException e) when (e.Source == JsonReadingFailure)
        {
            throw new CelException("A text in the JSON that the expression reads is not well-formed Unicode: half of a surrogate pair stands alone. Mend it where the JSON is made.");
        }
        finally
        {
            budget = evaluation.Budget;
            evaluation.End();
            spare = evaluation;
        }
    }

    private CelException Failed(CelFault fault, bool confidential)
    {
        var message = char.ToUpperInvariant(fault.Message[0]) + fault.Message[1..]
            + (fault.Detail is { Length: < 200 } detail && !confidential ? $": {detail}" : "") + ".";
        return fault.Position < 0 ? new CelException(message) : new CelException(message, Text, fault.Position);
    }
}
