using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel;

/// <summary>A variable that expressions can name.</summary>
/// <param name="Name">Its full name, e.g. <c>variables.count</c>.</param>
/// <param name="Type">Its type, as far as it is known.</param>
public sealed record CelVariable(string Name, CelType Type)
{
    /// <summary>When it is a map whose keys are all known: a key that is none of them is an error before the expression ever runs.</summary>
    public IReadOnlyCollection<string>? Members { get; init; }

    /// <summary>Anything the activation wants to know about it.</summary>
    public object? Tag { get; init; }

    /// <summary>Why it cannot be read as a whole, only its members; null when it can.</summary>
    public string? OnlyMembers { get; init; }
}

/// <summary>The names that expressions can use beside those of the language.</summary>
public interface ICelNames
{
    /// <summary>Finds a variable by the segments of its name: <c>a.b</c> and <c>a['b']</c> both ask for <c>[a, b]</c>. Null when there is none.</summary>
    CelVariable? Find(ReadOnlySpan<string> path);

    /// <summary>First segments of all names, for suggestions.</summary>
    IEnumerable<string> Roots { get; }
}
