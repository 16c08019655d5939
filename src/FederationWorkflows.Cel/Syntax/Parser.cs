using System.Runtime.CompilerServices;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Syntax;

/// <param name="Root">The whole expression.</param>
/// <param name="NodeCount">How many nodes it has; their ids are below.</param>
/// <param name="Text">The text it was read from.</param>
internal sealed record SyntaxTree(Expr Root, int NodeCount, string Text);

/// <summary>
/// Reads an expression (CEL specification: "Syntax"), macros included. Binary operators are read by precedence climbing, so that a level
/// of parentheses costs few stack frames, and how deep it may go is counted.
/// </summary>
internal sealed class Parser
{
    private static readonly HashSet<string> Reserved =
    [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ];

    private readonly string text;
    private readonly CelOptions options;
    private readonly bool macros;
    private readonly Lexer lexer;
    private Token token;
    private int depth;
    private int nextId;

    private Parser(string text, int from, CelOptions options, bool macros)
    {
        this.text = text;
        this.options = options;
        this.macros = macros;
        lexer = new Lexer(text, from);
    }

    public static SyntaxTree Parse(string text, CelOptions options, bool macros = true)
    {
        CheckText(text, options);
        var parser = new Parser(text, 0, options, macros);
        parser.Advance();
        var root = parser.Expression();
        return parser.token.Kind == TokenKind.End
            ? new SyntaxTree(root, parser.nextId, text)
            : throw parser.Unexpected("the end of the expression or an operator");
    }

    /// <summary>Reads the expression of a template that begins at a place and ends with a brace; positions count in the whole text.</summary>
    public static SyntaxTree ParseEmbedded(string text, int from, CelOptions options, out int end)
    {
        var parser = new Parser(text, from, options, macros: true);
        parser.Advance();
        var root = parser.Expression();
        end = parser.token.Position + 1;
        return parser.token.Is("}") ? new SyntaxTree(root, parser.nextId, text) : throw parser.Unexpected("'}', the end of ${...},");
    }

    public static void CheckText(string text, CelOptions options)
    {
        if (text.Length > options.MaxExpressionLength)
        {
            throw new CelException($"The expression is {text.Length:N0} characters long; at most {options.MaxExpressionLength:N0} are allowed.");
        }

        if (UnicodeText.FindHalfPair(text) is var half and >= 0)
        {
            throw new CelException("The expression is not well-formed Unicode text here: half of a surrogate pair stands alone.", text, half);
        }
    }

    private int NewId() => nextId++;

    private void Advance() => token = lexer.Next();

    private CelException Error(int position, string message) => new(message, text, position);

    private CelException Unexpected(string wanted) =>
        Error(token.Position, token.Kind switch
        {
            TokenKind.End when text.AsSpan().IsWhiteSpace() => "The expression is empty.",
            TokenKind.End => $"The expression ends where {wanted} should follow.",
            TokenKind.Literal => $"A literal stands where {wanted} should.",
            _ => $"'{token.Text}' stands where {wanted} should.",
        });

    private void Expect(string symbol)
    {
        if (!token.Is(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }

        Advance();
    }

    private bool Accept(string symbol)
    {
        if (!token.Is(symbol))
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>Counts a level of nesting; the caller gives it back.</summary>
    private void Enter(int levels = 1)
    {
        depth += levels;
        if (depth > options.MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error(token.Position, $"The expression is nested more than {options.MaxNesting} levels deep here. Split it, for example with variables.");
        }
    }

    private Expr Expression()
    {
        Enter();
        var condition = Binary(0);
        if (token.Is("?"))
        {
            var position = token.Position;
            Advance();
            Enter();
            var then = Binary(0);
            depth--;
            Expect(":");
            var otherwise = Expression();
            condition = new ConditionalExpr(position, condition, then, otherwise) { Id = NewId() };
        }

        depth--;
        return condition;
    }

    private static (int Precedence, BinaryOperator? Operator) Operator(in Token token) => token switch
    {
        { Kind: TokenKind.Identifier, Text: "in" } => (3, BinaryOperator.In),
        { Kind: not TokenKind.Symbol } => (0, null),
        { Text: "||" } => (1, null),
        { Text: "&&" } => (2, null),
        { Text: "==" } => (3, BinaryOperator.Equal),
        { Text: "!=" } => (3, BinaryOperator.NotEqual),
        { Text: "<" } => (3, BinaryOperator.Less),
        { Text: "<=" } => (3, BinaryOperator.LessOrEqual),
        { Text: ">" } => (3, BinaryOperator.Greater),
        { Text: ">=" } => (3, BinaryOperator.GreaterOrEqual),
        { Text: "+" } => (4, BinaryOperator.Add),
        { Text: "-" } => (4, BinaryOperator.Subtract),
        { Text: "*" } => (5, BinaryOperator.Multiply),
        { Text: "/" } => (5, BinaryOperator.Divide),
        { Text: "%" } => (5, BinaryOperator.Modulo),
        _ => (0, null),
    };

    /// <summary>Operators that bind tighter than a precedence. A chain grows to the left, so each of its links is a level of the tree.</summary>
    private Expr Binary(int above)
    {
        var left = Unary();
        var entered = 0;
        while (true)
        {
            var (precedence, op) = Operator(token);
            if (precedence <= above)
            {
                depth -= entered;
                return left;
            }

            var position = token.Position;
            if (op is { } binary)
            {
                Enter();
                entered++;
                Advance();
                left = new BinaryExpr(position, binary, left, Binary(precedence)) { Id = NewId() };
                continue;
            }

            var symbol = token.Text;
            var operands = new List<Expr> { left };
            Enter();
            entered++;
            while (Accept(symbol))
            {
                operands.Add(Binary(precedence));
            }

            left = new LogicalExpr(position, symbol == "&&", operands) { Id = NewId() };
        }
    }

    private Expr Unary()
    {
        if (!token.Is("!") && !token.Is("-"))
        {
            return Member();
        }

        var position = token.Position;
        var symbol = token.Text;
        Advance();
        if (symbol == "-" && token.Kind == TokenKind.Literal && token.Value.Kind is CelKind.Int or CelKind.Double && token.Position == position + 1)
        {
            return Member(position);
        }

        Enter();
        var operand = Unary();
        depth--;
        return new UnaryExpr(position, symbol == "!" ? UnaryOperator.Not : UnaryOperator.Negate, operand) { Id = NewId() };
    }

    private Expr Member(int? minus = null)
    {
        var operand = Primary(minus);
        var entered = 0;
        while (true)
        {
            var position = token.Position;
            if (Accept("."))
            {
                operand = Field(operand, position);
            }
            else if (Accept("["))
            {
                var optional = Accept("?");
                var index = Expression();
                Expect("]");
                operand = new IndexExpr(position, operand, index, optional) { Id = NewId() };
            }
            else if (token.Is("{") && IsTypeName(operand))
            {
                throw Error(operand.Position, "Protocol buffer messages cannot be made here; write a map: {'name': value}.");
            }
            else
            {
                depth -= entered;
                return operand;
            }

            Enter();
            entered++;
        }
    }

    private static bool IsTypeName(Expr expr) => expr is IdentExpr || (expr is SelectExpr { IsOptional: false } select && IsTypeName(select.Operand));

    private Expr Field(Expr operand, int position)
    {
        var optional = Accept("?");
        var name = token;
        if (name.Kind is not (TokenKind.Identifier or TokenKind.QuotedIdentifier) || (name.Kind == TokenKind.Identifier && IsKeyword(name.Text)))
        {
            throw Unexpected("a field name");
        }

        Advance();
        if (optional || name.Kind == TokenKind.QuotedIdentifier || !token.Is("("))
        {
            return new SelectExpr(name.Position, operand, name.Text, optional) { Id = NewId() };
        }

        var arguments = Arguments();
        return (macros ? Macros.Expand(operand, name, arguments, new MacroContext(NewId, Error)) : null)
            ?? new CallExpr(name.Position, operand, name.Text, arguments) { Id = NewId() };
    }

    private static bool IsKeyword(string name) => name is "in" or "true" or "false" or "null";

    private List<Expr> Arguments()
    {
        Expect("(");
        var arguments = new List<Expr>();
        if (!token.Is(")"))
        {
            do
            {
                arguments.Add(Expression());
            }
            while (Accept(","));
        }

        Expect(")");
        return arguments;
    }

    private Expr Primary(int? minus)
    {
        var start = token;
        switch (start.Kind)
        {
            case TokenKind.Literal:
                Advance();
                return new LiteralExpr(minus ?? start.Position, Signed(start, minus is not null)) { Id = NewId() };
            case TokenKind.Identifier:
                Advance();
                return Identifier(start, absolute: false);
            case TokenKind.Symbol when start.Text == ".":
                Advance();
                if (token.Kind != TokenKind.Identifier)
                {
                    throw Unexpected("a name");
                }

                var name = token;
                Advance();
                return Identifier(name, absolute: true);
            case TokenKind.Symbol when start.Text == "(":
                Advance();
                var inner = Expression();
                Expect(")");
                return inner;
            case TokenKind.Symbol when start.Text == "[":
                return List();
            case TokenKind.Symbol when start.Text == "{":
                return Map();
            default:
                throw Unexpected("a value");
        }
    }

    private CelValue Signed(in Token literal, bool negative)
    {
        if (literal.Text == Lexer.MinusOnly)
        {
            return negative ? literal.Value : throw Error(literal.Position, "The number does not fit a signed 64-bit integer; write 'u' behind it for an unsigned one.");
        }

        return !negative ? literal.Value : literal.Value.Kind == CelKind.Int ? CelValue.Of(-literal.Value.Int) : CelValue.Of(-literal.Value.Double);
    }

    private Expr Identifier(in Token name, bool absolute)
    {
        switch (name.Text)
        {
            case "true" or "false" when !absolute:
                return new LiteralExpr(name.Position, CelValue.Of(name.Text == "true")) { Id = NewId() };
            case "null" when !absolute:
                return new LiteralExpr(name.Position, CelValue.Null) { Id = NewId() };
            case "in" or "true" or "false" or "null":
                throw Error(name.Position, $"'{name.Text}' is a word of the language and cannot be a name.");
        }

        if (token.Is("("))
        {
            var arguments = Arguments();
            return (macros && !absolute ? Macros.Expand(null, name, arguments, new MacroContext(NewId, Error)) : null)
                ?? new CallExpr(name.Position, null, name.Text, arguments) { Id = NewId(), IsAbsolute = absolute };
        }

        return Reserved.Contains(name.Text)
            ? throw Error(name.Position, $"'{name.Text}' is reserved and cannot be a name.")
            : new IdentExpr(name.Position, name.Text, absolute) { Id = NewId() };
    }

    private ListExpr List()
    {
        var position = token.Position;
        Advance();
        var elements = new List<ListElement>();
        while (!token.Is("]"))
        {
            var optional = Accept("?");
            elements.Add(new ListElement(Expression(), optional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("]");
        return new ListExpr(position, elements) { Id = NewId() };
    }

    private MapExpr Map()
    {
        var position = token.Position;
        Advance();
        var entries = new List<MapEntry>();
        while (!token.Is("}"))
        {
            var optional = Accept("?");
            var key = Expression();
            Expect(":");
            entries.Add(new MapEntry(key, Expression(), optional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("}");
        return new MapExpr(position, entries) { Id = NewId() };
    }
}
