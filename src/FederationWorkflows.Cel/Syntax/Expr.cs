using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel.Syntax;

/// <summary>A node of an expression.</summary>
/// <param name="position">Where it is in the text, from 0: an operator's own place, else the beginning.</param>
internal abstract class Expr(int position)
{
    public int Position { get; } = position;

    /// <summary>The number of this node, unique in its expression: what the checker finds out is kept by it.</summary>
    public int Id { get; init; }
}

internal sealed class LiteralExpr(int position, CelValue value) : Expr(position)
{
    public CelValue Value { get; } = value;
}

/// <param name="position">Where it is.</param>
/// <param name="name">The name.</param>
/// <param name="absolute">It was written with a leading dot: neither a container nor a macro's variable can be meant.</param>
internal sealed class IdentExpr(int position, string name, bool absolute) : Expr(position)
{
    public string Name { get; } = name;

    public bool IsAbsolute { get; } = absolute;
}

internal sealed class SelectExpr(int position, Expr operand, string field, bool optional) : Expr(position)
{
    public Expr Operand { get; } = operand;

    public string Field { get; } = field;

    public bool IsOptional { get; } = optional;
}

/// <summary><c>has(operand.field)</c>.</summary>
internal sealed class HasExpr(int position, Expr operand, string field, bool optional) : Expr(position)
{
    public Expr Operand { get; } = operand;

    public string Field { get; } = field;

    /// <summary>Written <c>has(operand.?field)</c>.</summary>
    public bool IsOptional { get; } = optional;
}

internal sealed class IndexExpr(int position, Expr operand, Expr index, bool optional) : Expr(position)
{
    public Expr Operand { get; } = operand;

    public Expr Index { get; } = index;

    public bool IsOptional { get; } = optional;
}

internal enum UnaryOperator
{
    Not,
    Negate,
}

internal sealed class UnaryExpr(int position, UnaryOperator op, Expr operand) : Expr(position)
{
    public UnaryOperator Operator { get; } = op;

    public Expr Operand { get; } = operand;
}

internal enum BinaryOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

internal sealed class BinaryExpr(int position, BinaryOperator op, Expr left, Expr right) : Expr(position)
{
    public BinaryOperator Operator { get; } = op;

    public Expr Left { get; } = left;

    public Expr Right { get; } = right;
}

/// <summary>A chain of <c>&amp;&amp;</c> or of <c>||</c>: however long, it is one level deep.</summary>
internal sealed class LogicalExpr(int position, bool isAnd, IReadOnlyList<Expr> operands) : Expr(position)
{
    public bool IsAnd { get; } = isAnd;

    public IReadOnlyList<Expr> Operands { get; } = operands;
}

internal sealed class ConditionalExpr(int position, Expr condition, Expr then, Expr otherwise) : Expr(position)
{
    public Expr Condition { get; } = condition;

    public Expr Then { get; } = then;

    public Expr Otherwise { get; } = otherwise;
}

internal sealed class CallExpr(int position, Expr? target, string function, IReadOnlyList<Expr> arguments) : Expr(position)
{
    public Expr? Target { get; } = target;

    public string Function { get; } = function;

    public IReadOnlyList<Expr> Arguments { get; } = arguments;

    /// <summary>Written with a leading dot.</summary>
    public bool IsAbsolute { get; init; }
}

internal sealed class ListExpr(int position, IReadOnlyList<ListElement> elements) : Expr(position)
{
    public IReadOnlyList<ListElement> Elements { get; } = elements;
}

/// <param name="Value">The element.</param>
/// <param name="IsOptional">Written <c>?value</c>: left out when the value is none.</param>
internal sealed record ListElement(Expr Value, bool IsOptional);

internal sealed class MapExpr(int position, IReadOnlyList<MapEntry> entries) : Expr(position)
{
    public IReadOnlyList<MapEntry> Entries { get; } = entries;
}

/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="IsOptional">Written <c>?key: value</c>: left out when the value is none.</param>
internal sealed record MapEntry(Expr Key, Expr Value, bool IsOptional);

internal enum ComprehensionKind
{
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    SortBy,
    GroupBy,
}

/// <summary>A macro that goes through a list's elements or a map's keys.</summary>
internal sealed class ComprehensionExpr(int position, string macro, ComprehensionKind kind, Expr range, string first, string? second, Expr? filter, Expr? body)
    : Expr(position)
{
    /// <summary>The name it was called by.</summary>
    public string Macro { get; } = macro;

    public ComprehensionKind Kind { get; } = kind;

    public Expr Range { get; } = range;

    /// <summary>The element or key; with a second variable, the index or key.</summary>
    public string First { get; } = first;

    /// <summary>The element or value, where the macro takes two variables.</summary>
    public string? Second { get; } = second;

    /// <summary>The condition; null when there is none.</summary>
    public Expr? Filter { get; } = filter;

    /// <summary>What is collected; null for those that only test.</summary>
    public Expr? Body { get; } = body;
}

/// <summary><c>cel.bind(name, value, body)</c>.</summary>
internal sealed class BindExpr(int position, string name, Expr value, Expr body) : Expr(position)
{
    public string Name { get; } = name;

    public Expr Value { get; } = value;

    public Expr Body { get; } = body;
}

/// <summary><c>target.optMap(name, body)</c>, or <c>optFlatMap</c>, whose body is an optional itself.</summary>
internal sealed class OptionalMapExpr(int position, Expr target, string name, Expr body, bool flat) : Expr(position)
{
    public Expr Target { get; } = target;

    public string Name { get; } = name;

    public Expr Body { get; } = body;

    public bool IsFlat { get; } = flat;
}

/// <summary><c>default(value, otherwise)</c>: the other when the value is null, or a part of it is missing.</summary>
internal sealed class DefaultExpr(int position, Expr value, Expr otherwise) : Expr(position)
{
    public Expr Value { get; } = value;

    public Expr Otherwise { get; } = otherwise;
}
