using System.Diagnostics.CodeAnalysis;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Somebody, as the host knows him.</summary>
/// <param name="Name">What he was called when he was met.</param>
/// <param name="Id">What stays when his name changes; null for who has no account at the host.</param>
public sealed record Person(string Name, string? Id = null)
{
    /// <summary>Both are one person: by their ids where both have one, since names change hands, and otherwise by their names in any case.</summary>
    public bool Is([NotNullWhen(true)] Person? other) =>
        other is not null && (Id is not null && other.Id is not null ? string.Equals(Id, other.Id, StringComparison.Ordinal) : string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A person of a name that may be missing.</summary>
    internal static Person? Of(string? name, string? id) => name is null ? null : new(name, id);
}
