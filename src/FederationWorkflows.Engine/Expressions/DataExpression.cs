using System.Text.Json;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Types;
using FederationWorkflows.Engine.Expressions.Cel;

namespace FederationWorkflows.Engine.Expressions;

/// <summary>
/// Tries an expression without a story: each property of the data is a variable. Data with the properties <c>variables</c>, <c>inputs</c>,
/// <c>activities</c>, <c>trigger</c>, <c>run</c> and <c>secrets</c> stands for a run.
/// </summary>
public static class DataExpression
{
    /// <summary>Compiles and evaluates an expression.</summary>
    /// <param name="text">CEL.</param>
    /// <param name="data">An object.</param>
    /// <param name="host">Clock and limits.</param>
    /// <returns>The value and the name of its type.</returns>
    /// <exception cref="ExpressionException">The expression is wrong, or failed on the data.</exception>
    public static (object? Value, string Type) Evaluate(string text, JsonElement data, ExpressionHost host)
    {
        try
        {
            var program = StoryLibrary.EnvironmentFor(new DataNames(data), host).Compile(text);
            var budget = host.CostLimit;
            return (StoryExpression.Run(program, new DataActivation(data, host), ref budget, CancellationToken.None), program.ResultType.ToString());
        }
        catch (CelException e)
        {
            throw StoryExpression.ToExpressionException(e);
        }
    }

    /// <summary>Compiles and fills in a template.</summary>
    /// <param name="text">Text with <c>${...}</c> in it.</param>
    /// <param name="data">An object.</param>
    /// <param name="host">Clock and limits.</param>
    /// <returns>The text; the value itself when the text is one expression.</returns>
    /// <exception cref="ExpressionException">An expression is wrong, or failed on the data.</exception>
    public static object? Render(string text, JsonElement data, ExpressionHost host)
    {
        try
        {
            var template = TextTemplate.Of(StoryLibrary.EnvironmentFor(new DataNames(data), host).CompileTemplate(text), alwaysText: false);
            return template.Render(new TemplateRendering(new DataActivation(data, host), host, CancellationToken.None));
        }
        catch (CelException e)
        {
            throw StoryExpression.ToExpressionException(e);
        }
    }

    private sealed class DataNames(JsonElement data) : ICelNames
    {
        /// <summary>A story knows all names of these; any other object may lack a property, and has() asks for it.</summary>
        private static readonly string[] Complete = ["variables", "activities", "run"];

        public IEnumerable<string> Roots => data.EnumerateObject().Select(property => property.Name);

        public CelVariable? Find(ReadOnlySpan<string> path) => path.Length == 1 && data.TryGetProperty(path[0], out var value)
            ? new CelVariable(path[0], CelType.Dyn) { Members = value.ValueKind == JsonValueKind.Object && Complete.Contains(path[0]) ? [.. value.EnumerateObject().Select(property => property.Name)] : null }
            : null;
    }

    private sealed class DataActivation(JsonElement data, ExpressionHost host) : IHostActivation
    {
        public ExpressionHost Host => host;

        public object? Read(CelVariable variable) => data.GetProperty(variable.Name);
    }
}
