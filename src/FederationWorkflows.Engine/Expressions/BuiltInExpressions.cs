using System.Text.Json;

namespace FederationWorkflows.Engine.Expressions;

/// <summary>Elsa's own types with Elsa's own meaning.</summary>
internal static class BuiltInExpressions
{
    public static IExpressionHandler[] All { get; } = [new LiteralHandler(), new ObjectHandler(), new VariableHandler(), new InputHandler(), new SecretHandler()];

    /// <summary>
    /// The designer stores a picked variable or input as the JSON text of the whole thing; files written by hand name it.
    /// Text left over from another syntax is possible too, so anything that is not such an object is taken as the name.
    /// </summary>
    private static IEnumerable<string> PickedNames(Expression expression)
    {
        var text = expression.Text;
        if (expression.Value is JsonElement { ValueKind: JsonValueKind.Object } || text.AsSpan().TrimStart().StartsWith("{"))
        {
            if (TryParse(text) is { } picked)
            {
                foreach (var property in new[] { "id", "name" })
                {
                    if (picked.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String)
                    {
                        yield return value.GetString()!;
                    }
                }

                yield break;
            }
        }

        yield return text;
    }

    private static JsonElement? TryParse(string json)
    {
        try
        {
            return JsonValues.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ExpressionDescriptor Describe(string type, bool browsable, params (string Key, object Value)[] properties) =>
        new(type, type, browsable, properties.ToDictionary(p => p.Key, p => p.Value));

    private sealed class LiteralHandler : IExpressionHandler
    {
        public ExpressionDescriptor Descriptor { get; } = Describe(Expression.LiteralType, browsable: false);

        public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope) =>
            CompiledExpression.Constant(expression.Value is JsonElement json ? JsonValues.Unwrap(json) : expression.Value);
    }

    private sealed class ObjectHandler : IExpressionHandler
    {
        public ExpressionDescriptor Descriptor { get; } = Describe("Object", browsable: false, ("MonacoLanguage", "json"));

        public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
        {
            if (expression.Value is JsonElement json && json.ValueKind != JsonValueKind.String)
            {
                return CompiledExpression.Constant(JsonValues.Unwrap(json));
            }

            var text = expression.Text;
            if (string.IsNullOrWhiteSpace(text))
            {
                return CompiledExpression.Constant(null);
            }

            try
            {
                return CompiledExpression.Constant(JsonValues.Unwrap(JsonValues.Parse(text)));
            }
            catch (JsonException) when (returnType == typeof(string) || returnType == typeof(object))
            {
                // Elsa takes text that is no JSON as the text itself where text is wanted.
                return CompiledExpression.Constant(text);
            }
            catch (JsonException e)
            {
                throw new ExpressionException($"The value is not valid JSON: {JsonValues.Describe(e)}. Write it as JSON, e.g. [\"a\", \"b\"].", (int?)e.LineNumber + 1, (int?)e.BytePositionInLine + 1);
            }
        }
    }

    private sealed class VariableHandler : IExpressionHandler
    {
        public ExpressionDescriptor Descriptor { get; } = Describe(Expression.VariableType, browsable: true);

        public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
        {
            foreach (var name in PickedNames(expression))
            {
                if (scope.FindVariable(name) is { } reference)
                {
                    return new VariableExpression(reference);
                }
            }

            throw new ExpressionException(
                $"There is no variable '{PickedNames(expression).LastOrDefault()}' in scope here. {Suggestion.Among(PickedNames(expression).LastOrDefault() ?? "", scope.VariableNames, "Declare it under \"variables\"")}");
        }
    }

    private sealed class InputHandler : IExpressionHandler
    {
        public ExpressionDescriptor Descriptor { get; } = Describe(Expression.InputType, browsable: true);

        public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
        {
            foreach (var name in PickedNames(expression))
            {
                if (scope.InputNames.Contains(name))
                {
                    return new InputExpression(name);
                }
            }

            throw new ExpressionException(
                $"The workflow has no input '{PickedNames(expression).LastOrDefault()}'. {Suggestion.Among(PickedNames(expression).LastOrDefault() ?? "", scope.InputNames, "Declare it under \"inputs\"")}");
        }
    }

    private sealed class VariableExpression(VariableReference reference) : CompiledExpression
    {
        public override ValueTask<object?> EvaluateAsync(IExpressionScope scope) => new(scope.GetVariable(reference));
    }

    private sealed class InputExpression(string name) : CompiledExpression
    {
        public override ValueTask<object?> EvaluateAsync(IExpressionScope scope) => new(scope.GetInput(name));
    }
}
