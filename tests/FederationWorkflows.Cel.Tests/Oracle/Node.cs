namespace FederationWorkflows.Cel.Tests.Oracle;

internal enum NodeKind
{
    /// <summary>A constant; <see cref="Node.Value"/> is a plain value.</summary>
    Literal,

    /// <summary>A variable or a type's name.</summary>
    Name,

    /// <summary>Child.name, with <c>.?</c> when optional.</summary>
    Select,

    /// <summary>has(child.name).</summary>
    Has,

    /// <summary>First[second], with <c>[?</c> when optional.</summary>
    Index,

    /// <summary>! or -.</summary>
    Unary,

    /// <summary>Comparison, in, or arithmetic.</summary>
    Binary,

    /// <summary>A chain of &amp;&amp; or ||, of two operands or more.</summary>
    Logical,

    /// <summary>First ? second : third.</summary>
    Conditional,

    /// <summary>Name(children).</summary>
    Call,

    /// <summary>First.name(the others).</summary>
    Member,

    /// <summary>[children].</summary>
    List,

    /// <summary>{first: second, third: fourth, ...}.</summary>
    Map,

    /// <summary>First.name(variables, the others).</summary>
    Macro,

    /// <summary>cel.bind(variable, first, second).</summary>
    Bind,
}

/// <summary>An expression as tests make, print and interpret it; nothing of it is the library's.</summary>
internal sealed record Node(NodeKind Kind, string Name, params IReadOnlyList<Node> Children)
{
    public object? Value { get; init; }

    public bool IsOptional { get; init; }

    public IReadOnlyList<string> Variables { get; init; } = [];

    public static Node Literal(object? value) => new(NodeKind.Literal, "") { Value = value };

    public int Size => 1 + Children.Sum(child => child.Size);

    public static bool Same(Node a, Node b) => a.Kind == b.Kind && a.Name == b.Name && a.IsOptional == b.IsOptional && Plain.Same(a.Value, b.Value)
        && a.Variables.SequenceEqual(b.Variables) && a.Children.Count == b.Children.Count && a.Children.Zip(b.Children).All(pair => Same(pair.First, pair.Second));

    /// <summary>Simpler expressions to try when this one shows a fault: a part instead of the whole, then smaller parts.</summary>
    public IEnumerable<Node> Simpler()
    {
        foreach (var child in Children)
        {
            yield return child;
        }

        if (Kind is NodeKind.List or NodeKind.Logical or NodeKind.Member || (Kind == NodeKind.Call && Name != "?"))
        {
            for (var i = 0; i < Children.Count; i++)
            {
                if ((Kind != NodeKind.Logical || Children.Count > 2) && (Kind != NodeKind.Member || i > 0))
                {
                    yield return this with { Children = [.. Children.Where((_, index) => index != i)] };
                }
            }
        }

        if (Kind == NodeKind.Map)
        {
            for (var i = 0; i < Children.Count; i += 2)
            {
                yield return this with { Children = [.. Children.Where((_, index) => index / 2 != i / 2)] };
            }
        }

        for (var i = 0; i < Children.Count; i++)
        {
            foreach (var simpler in Children[i].Simpler().Concat(Children[i].Size > 1 ? [Literal(1L), Literal(true)] : []))
            {
                yield return this with { Children = [.. Children.Select((child, index) => index == i ? simpler : child)] };
            }
        }
    }
}
