using System.Text;
using System.Text.Json;
using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>One filling-in of a template. What its expressions do together is limited as one expression is.</summary>
internal sealed class TemplateRendering(ICelActivation activation, ExpressionHost host, CancellationToken cancellationToken)
{
    private long budget = host.CostLimit;
    private long room = host.MaxInputLength;

    /// <summary>The value of an expression, sensitive when it came from a secret.</summary>
    /// <exception cref="ExpressionException">It failed, or passed what is left of the template's cost limit.</exception>
    public object? Evaluate(CelProgram program) => StoryExpression.Run(program, activation, ref budget, cancellationToken);

    /// <summary>Allows for a text in the result.</summary>
    /// <exception cref="ExpressionException">The texts together are too long.</exception>
    public string Take(string text)
    {
        room -= text.Length;
        return room >= 0 ? text : throw new ExpressionException($"The template makes more than {host.MaxInputLength:N0} characters. Put less into it.");
    }
}

/// <summary>A template or a part of one.</summary>
internal interface ITemplateNode
{
    IEnumerable<CelProgram> Programs { get; }

    /// <summary>The value: sensitive where it came from a secret.</summary>
    /// <exception cref="ExpressionException">An expression failed, or the whole costs too much.</exception>
    object? Render(TemplateRendering rendering);
}

/// <summary>A text with expressions in it. It is sensitive as soon as one of them is.</summary>
internal sealed class TextTemplate(IReadOnlyList<CelTemplatePart> parts) : ITemplateNode
{
    public IEnumerable<CelProgram> Programs => parts.Select(part => part.Program).OfType<CelProgram>();

    /// <param name="template">The text.</param>
    /// <param name="alwaysText">One expression alone is text, too, and does not keep its type.</param>
    public static ITemplateNode Of(CelTemplate template, bool alwaysText) =>
        !alwaysText && template.Parts is [{ Program: { } program }] ? new LoneExpression(program) : new TextTemplate(template.Parts);

    public object? Render(TemplateRendering rendering)
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

            var value = rendering.Evaluate(part.Program);
            sensitive |= value is Sensitive;
            text.Append(rendering.Take(StoryValues.ToText(value is Sensitive secret ? secret.RevealObject() : value)));
        }

        return sensitive ? Sensitive.Of(text.ToString()) : text.ToString();
    }

    private sealed class LoneExpression(CelProgram program) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => [program];

        public object? Render(TemplateRendering rendering) => rendering.Evaluate(program);
    }
}

/// <summary>JSON whose strings are templates. Only the parts that came from secrets are sensitive.</summary>
internal static class JsonTemplate
{
    /// <param name="json">The JSON.</param>
    /// <param name="environment">What its strings can name.</param>
    /// <param name="path">Where it stands in the whole.</param>
    /// <exception cref="ExpressionException">An expression is wrong: what, and in which string.</exception>
    public static ITemplateNode Of(JsonElement json, CelEnvironment environment, string path) => json.ValueKind switch
    {
        JsonValueKind.Object => new ObjectTemplate([.. json.EnumerateObject().Select(property => (property.Name, Of(property.Value, environment, $"{path}.{property.Name}")))]),
        JsonValueKind.Array => new ArrayTemplate([.. json.EnumerateArray().Select((item, index) => Of(item, environment, $"{path}[{index}]"))]),
        JsonValueKind.String => StringTemplate.Of(json.GetString()!, environment, path),
        _ => new FixedValue(JsonValues.Unwrap(json)),
    };

    /// <summary>A string of the JSON: its errors say where it stands.</summary>
    private sealed class StringTemplate(ITemplateNode text, string path) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => text.Programs;

        public static StringTemplate Of(string text, CelEnvironment environment, string path)
        {
            try
            {
                return new(TextTemplate.Of(environment.CompileTemplate(text), alwaysText: false), path);
            }
            catch (CelException e)
            {
                throw At(path, StoryExpression.ToExpressionException(e));
            }
        }

        public object? Render(TemplateRendering rendering)
        {
            try
            {
                return text.Render(rendering);
            }
            catch (ExpressionException e)
            {
                throw At(path, e);
            }
        }

        private static ExpressionException At(string path, ExpressionException e) => new($"At {path} of the template: {e.Message}", e.Line, e.Column, e.Excerpt);
    }

    private sealed class ObjectTemplate(IReadOnlyList<(string Name, ITemplateNode Value)> properties) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => properties.SelectMany(property => property.Value.Programs);

        public object? Render(TemplateRendering rendering)
        {
            var result = new Dictionary<string, object?>(properties.Count);
            foreach (var (name, value) in properties)
            {
                result[name] = value.Render(rendering);
            }

            return result;
        }
    }

    private sealed class ArrayTemplate(IReadOnlyList<ITemplateNode> items) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => items.SelectMany(item => item.Programs);

        public object? Render(TemplateRendering rendering) => items.Select(item => item.Render(rendering)).ToArray();
    }

    private sealed class FixedValue(object? value) : ITemplateNode
    {
        public IEnumerable<CelProgram> Programs => [];

        public object? Render(TemplateRendering rendering) => value;
    }
}
