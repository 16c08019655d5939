using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Compilation;
using FederationWorkflows.Cel.Functions;
using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Tests.Oracle;

namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>Compares the library with the printer and the interpreter of the tests.</summary>
internal static class Comparison
{
    private static readonly CelOptions Options = new();
    private static readonly FunctionTable Functions = new(StandardLibrary.All);

    /// <summary>What does not agree about an expression, or null.</summary>
    public static string? Disagreement(Node node, PlainVariables variables)
    {
        var text = Printer.Print(node);
        try
        {
            var tree = Parser.Parse(text, Options);
            if (!Node.Same(TreeReader.Read(tree.Root), node))
            {
                return $"is read as {Printer.Print(TreeReader.Read(tree.Root))}";
            }

            var expected = Interpreter.Evaluate(node, variables.Plain);
            var names = new NameResolution(variables.Input, Functions, "");
            return Difference(expected, Checker.Check(tree, names, strict: false), variables)
                ?? (TryCheck(tree, names) is { } strict ? Difference(expected, strict, variables) : null);
        }
        catch (CelException e)
        {
            return $"is refused: {e.Explain()}";
        }
    }

    /// <summary>The smallest expression that disagrees too.</summary>
    public static Node Shrink(Node node, PlainVariables variables)
    {
        while (node.Simpler().OrderBy(simpler => simpler.Size).FirstOrDefault(simpler => simpler.Size < node.Size && IsStillWrong(simpler, variables)) is { } smaller)
        {
            node = smaller;
        }

        return node;
    }

    public static string Describe(Node node, PlainVariables variables) =>
        $"{Printer.Print(node)}\n  {Disagreement(node, variables)}\n  with {string.Join(", ", variables.Plain.Select(pair => $"{pair.Key} = {Plain.Show(pair.Value)}"))}";

    /// <summary>A part may use a name whose macro was taken away: that fails on both sides, but not in the same words.</summary>
    private static bool IsStillWrong(Node node, PlainVariables variables) => Disagreement(node, variables) is { } wrong && !wrong.StartsWith("is refused", StringComparison.Ordinal);

    private static CheckedTree? TryCheck(SyntaxTree tree, NameResolution names)
    {
        try
        {
            return Checker.Check(tree, names);
        }
        catch (CelException)
        {
            // The checker may refuse what fails, and what is known to be of a wrong type; there is nothing to compare then.
            return null;
        }
    }

    private static string? Difference(object? expected, CheckedTree tree, PlainVariables variables)
    {
        var evaluation = new CelEvaluation(Options, tree.LocalCount);
        evaluation.Begin(variables.Input, CancellationToken.None);
        var value = Compiler.Compile(tree)(evaluation);
        object? actual = value.IsError ? Failure.Instance : Plain.From(evaluation, value);
        var same = expected is Failure ? actual is Failure : Plain.Same(actual, expected);
        return same ? null : $"gives {Plain.Show(expected)}, but the library gives {(value.IsError ? value.Fault.Message : Plain.Show(actual))}";
    }
}
