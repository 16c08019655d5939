using System.Text.Json;
using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>
/// The expression type <c>Template</c>: text with CEL in it, <c>Hello ${variables.name}</c>; <c>$${</c> stands for <c>${</c>. In an input that
/// takes an object the text is JSON and each string in it is a template; a string that is one expression keeps the type of its value.
/// </summary>
internal sealed class TemplateHandler : IExpressionHandler
{
    public ExpressionDescriptor Descriptor { get; } = new("Template", "Template", IsBrowsable: true, new Dictionary<string, object> { ["MonacoLanguage"] = "plaintext" });

    public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
    {
        try
        {
            var environment = StoryLibrary.EnvironmentFor(scope);
            var node = ReadJson(expression, returnType) is { } json
                ? JsonTemplate.Of(json, environment, "$")
                : TextTemplate.Of(environment.CompileTemplate(expression.Text), alwaysText: TakesText(returnType));
            return node.Programs.Any() ? new NodeExpression(node) : CompiledExpression.Constant(node.Render(new TemplateRendering(NoActivation.Instance, scope.Host, CancellationToken.None)));
        }
        catch (CelException e)
        {
            throw StoryExpression.ToExpressionException(e);
        }
    }

    /// <summary>The JSON that holds the templates; null when the text is one template itself.</summary>
    private static JsonElement? ReadJson(Expression expression, Type returnType)
    {
        if (expression.Value is JsonElement { ValueKind: not JsonValueKind.String } json)
        {
            return json;
        }

        var text = expression.Text.AsSpan().Trim();
        var looksLikeJson = (text.StartsWith("{") && text.EndsWith("}")) || (text.StartsWith("[") && text.EndsWith("]"));
        if (!looksLikeJson || TakesText(returnType))
        {
            return null;
        }

        try
        {
            return JsonValues.Parse(expression.Text);
        }
        catch (JsonException e)
        {
            throw new ExpressionException(
                $"The text of this template is not valid JSON: {JsonValues.Describe(e)}. An expression stands in quotes, \"${{variables.count}}\", and keeps its type when it stands alone there; quotes inside it are single ones.",
                (int?)e.LineNumber + 1,
                (int?)e.BytePositionInLine + 1);
        }
    }

    private static bool TakesText(Type type) => type == typeof(string) || type == typeof(Sensitive<string>);

    private sealed class NodeExpression(ITemplateNode node) : StoryExpression(node.Programs)
    {
        protected override object? Evaluate(StoryActivation story, CancellationToken cancellationToken) => node.Render(new TemplateRendering(story, story.Host, cancellationToken));
    }
}
