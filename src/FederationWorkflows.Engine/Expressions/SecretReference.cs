using System.Text.Json;

namespace FederationWorkflows.Engine.Expressions;

/// <summary>The name of a secret, as the designer's picker or an author writes it.</summary>
public static class SecretReference
{
    /// <summary>The expression type whose value is a secret (Elsa contract: secrets).</summary>
    public const string ExpressionType = "Secret";

    /// <summary>The secret that an expression names: <c>{"name":"github-token","typeName":"text","scope":null}</c>, as an object or as its text, or the bare name.</summary>
    /// <exception cref="ExpressionException">It names none, or one of a type there is not.</exception>
    public static string NameOf(Expression expression)
    {
        var text = expression.Text.Trim();
        if (!text.StartsWith('{'))
        {
            return text.Length > 0 ? text : throw new ExpressionException("No secret is chosen. Pick one, or write its name.");
        }

        JsonElement picked;
        try
        {
            picked = JsonValues.Parse(text);
        }
        catch (JsonException e)
        {
            throw new ExpressionException($"The chosen secret is not valid JSON: {JsonValues.Describe(e)}. Pick it again, or write its bare name.");
        }

        if (picked.TryGetProperty("typeName", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() is { Length: > 0 } other && other != "text")
        {
            throw new ExpressionException($"The chosen secret has the type '{other}'; the only type here is 'text'. Pick it again, or write its bare name.");
        }

        return picked.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 } found
            ? found
            : throw new ExpressionException("The chosen secret has no \"name\". Pick it again, or write its bare name.");
    }

    /// <summary>The name of the secret that an input of a trigger holds; null when the story leaves it out. The secret itself is not read.</summary>
    /// <param name="input">An input with the editor <see cref="InputUIHints.SecretPicker"/>.</param>
    /// <exception cref="FormatException">It is neither a secret nor a fixed name.</exception>
    public static string? NameOf(Input<string?>? input)
    {
        try
        {
            return input?.Expression switch
            {
                null => null,
                { Type: ExpressionType } secret => NameOf(secret),
                { Type: Expression.LiteralType } name => string.IsNullOrWhiteSpace(name.Text) ? null : NameOf(name),
                var other => throw new FormatException($"The secret must be picked or named, not be found by a {other.Type} expression."),
            };
        }
        catch (ExpressionException e)
        {
            throw new FormatException(e.Message);
        }
    }

    internal static string Missing(string name) => $"There is no secret '{name}'. Create it on the server, or correct its name in the story.";
}

/// <summary>The expression type <c>Secret</c>: the current value of a named secret. Nothing but its name is in the story.</summary>
internal sealed class SecretHandler : IExpressionHandler
{
    public ExpressionDescriptor Descriptor { get; } =
        new(SecretReference.ExpressionType, "Secret", IsBrowsable: true, new Dictionary<string, object> { ["UIHint"] = InputUIHints.SecretPicker });

    public CompiledExpression Compile(Expression expression, Type returnType, IExpressionCompilationScope scope) => new SecretExpression(SecretReference.NameOf(expression));

    private sealed class SecretExpression(string name) : CompiledExpression
    {
        public override IReadOnlyCollection<string> SecretNames => [name];

        public override ValueTask<object?> EvaluateAsync(IExpressionScope scope)
        {
            var pending = scope.Host.Secrets.GetAsync(name, scope.CancellationToken);
            return pending.IsCompletedSuccessfully ? new(pending.Result ?? throw new ExpressionException(SecretReference.Missing(name))) : AwaitAsync(pending);
        }

        private async ValueTask<object?> AwaitAsync(ValueTask<Sensitive<string>?> pending) => await pending ?? throw new ExpressionException(SecretReference.Missing(name));
    }
}
