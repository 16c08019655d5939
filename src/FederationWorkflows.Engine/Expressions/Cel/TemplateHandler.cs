using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>
/// The expression type <c>Template</c>: text with CEL in it, <c>Hello ${variables.name}</c>; <c>$${</c> stands for <c>${</c>. In an input that
/// takes an object the text is JSON and each string in it is a template; a string that is one expression keeps the type of its value.
/// </summary>
internal sealed class TemplateHandler : IExpressionHandler
{
    public ExpressionDescriptor Descriptor { get; } = new("Template", "Template", IsBrowsable: true, new Dictionary<string, object> { ["UIHint"] = "multiline" });

    public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope)
    {
        try
        {
            var environment = StoryLibrary.EnvironmentFor(scope);
            var node = ReadJson(expression, returnType) is { } json
                ? JsonTemplate.Of(json, environment)
                : TextTemplate.Of(environment.CompileTemplate(expression.Text));
            return node.Programs.Any() ? new NodeExpression(node) : CompiledExpression.Constant(node.Render(_ => throw new InvalidOperationException("A text without expressions evaluates none.")));
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
        if (!looksLikeJson || returnType == typeof(string) || returnType == typeof(Sensitive<string>))
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

    private sealed class NodeExpression(ITemplateNode node) : StoryExpression(node.Programs)
    {
        protected override object? Evaluate(StoryActivation story, CancellationToken cancellationToken)
        {
            var budget = new TemplateBudget(story.Host);
            return node.Render(program => budget.Spend(Run(program, story, cancellationToken)));
        }
    }
}

/// <summary>What all expressions of a template may cost and make together: a text of many short ones would else be a way around the limits of one.</summary>
internal sealed class TemplateBudget(ExpressionHost host)
{
    private long cost;
    private long length;

    /// <exception cref="ExpressionException">The template costs too much, or becomes too long.</exception>
    public object? Spend((object? Value, long Cost) result)
    {
        cost += result.Cost;
        length += (result.Value is Sensitive secret ? secret.RevealObject() : result.Value) switch
        {
            string text => text.Length,
            byte[] bytes => bytes.Length,
            JsonElement json => JsonMarshal.GetRawUtf8Value(json).Length,
            _ => 0,
        };
        return cost > host.CostLimit ? throw new ExpressionException($"The expressions of this template do more work together than one evaluation may ({host.CostLimit:N0} units). Spread it over several activities.")
            : length > host.MaxInputLength ? throw new ExpressionException($"What this template makes is longer than an expression may work on ({host.MaxInputLength:N0}).")
            : result.Value;
    }
}

/// <summary>A template or a part of one.</summary>
internal interface ITemplateNode
{
    IEnumerable<CelProgram> Programs { get; }

    /// <param name="evaluate">Gives the value of an expression, sensitive when it came from a secret.</param>
    object? Render(Func<CelProgram, object?> evaluate);
}

/// <summary>A text with expressions in it. It is sensitive as soon as one of them is.</summary>
internal sealed class TextTemplate(IReadOnlyList<CelTemplatePart> parts) : ITemplateNode
{
    public IEnumerable<CelProgram> Programs => parts.Select(part => part.Program).OfType<CelProgram>();

    public static ITemplateNode Of(CelTemplate template) => template.Parts is [{ Program: { } program }] ? new LoneExpression(program) : new TextTemplate(template.Parts);

    public object? Render(Func<CelProgram, object?> evaluate)
    {
        var text = new StringBuilder();
        var sensitive = false;
        foreach (var part in parts)
        {
            if (part.Program is null)
            {
                text.Append(part.Text);
                continue;
            }

            var value = evaluate(part.Program);
            sensitive |= value is Sensitive;
            text.Append(StoryValues.ToText(value is Sensitive secret ? secret.RevealObject() : value));
        }

        return sensitive ? Sensitive.Of(text.ToString()) : text.ToString();
    }

    private sealed class LoneExpression(CelProgram program) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => [program];

        public object? Render(Func<CelProgram, object?> evaluate) => evaluate(program);
    }
}

/// <summary>JSON whose strings are templates. Only the parts that came from secrets are sensitive.</summary>
internal static class JsonTemplate
{
    public static ITemplateNode Of(JsonElement json, CelEnvironment environment) => json.ValueKind switch
    {
        JsonValueKind.Object => new ObjectTemplate([.. json.EnumerateObject().Select(property => (property.Name, Of(property.Value, environment)))]),
        JsonValueKind.Array => new ArrayTemplate([.. json.EnumerateArray().Select(item => Of(item, environment))]),
        JsonValueKind.String => TextTemplate.Of(environment.CompileTemplate(json.GetString()!)),
        _ => new FixedValue(JsonValues.Unwrap(json)),
    };

    private sealed class ObjectTemplate(IReadOnlyList<(string Name, ITemplateNode Value)> properties) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => properties.SelectMany(property => property.Value.Programs);

        public object? Render(Func<CelProgram, object?> evaluate)
        {
            var result = new Dictionary<string, object?>(properties.Count);
            foreach (var (name, value) in properties)
            {
                result[name] = value.Render(evaluate);
            }

            return result;
        }
    }

    private sealed class ArrayTemplate(IReadOnlyList<ITemplateNode> items) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => items.SelectMany(item => item.Programs);

        public object? Render(Func<CelProgram, object?> evaluate) => items.Select(item => item.Render(evaluate)).ToArray();
    }

    private sealed class FixedValue(object? value) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => [];

        public object? Render(Func<CelProgram, object?> evaluate) => value;
    }
}
