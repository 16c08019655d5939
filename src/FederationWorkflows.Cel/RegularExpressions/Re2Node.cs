namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>A parsed regular expression.</summary>
internal abstract record Re2Node(int Height);

/// <summary>One code point out of a set.</summary>
internal sealed record Re2Set(CodePointSet CodePoints) : Re2Node(1);

/// <summary>A condition on a place, which takes no text.</summary>
internal sealed record Re2Assertion(Re2Place Place) : Re2Node(1);

/// <summary>Parts one after another; none is the empty text.</summary>
internal sealed record Re2Sequence(IReadOnlyList<Re2Node> Parts) : Re2Node(1 + Highest(Parts))
{
    internal static int Highest(IReadOnlyList<Re2Node> nodes) => nodes.Count == 0 ? 0 : nodes.Max(node => node.Height);
}

/// <summary>The first of the branches that lets the whole match is taken.</summary>
internal sealed record Re2Alternation(IReadOnlyList<Re2Node> Branches) : Re2Node(1 + Re2Sequence.Highest(Branches));

/// <summary>A repetition; a <paramref name="Maximum"/> of null has no end.</summary>
internal sealed record Re2Repetition(Re2Node Body, int Minimum, int? Maximum, bool Greedy) : Re2Node(1 + Body.Height);

/// <summary>A capturing group; the first is 1.</summary>
internal sealed record Re2Group(int Number, Re2Node Body) : Re2Node(1 + Body.Height);

internal enum Re2Place
{
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
}

/// <summary>A whole parsed pattern.</summary>
internal sealed record Re2Syntax(Re2Node Root, int GroupCount, bool AsksForWordBoundaries);
