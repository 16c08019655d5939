namespace FederationWorkflows.Engine.Stories;

/// <summary>
/// The people through whose hands a run went: who started it, or a run above it, by hand, and who let it go on after a fault. Of each the roles are
/// kept, as they were then, for what not everybody may use. A run that a trigger started, and nobody touched, has none.
/// </summary>
public static class Hands
{
    /// <summary>Of a run that nobody started or touched by hand.</summary>
    public static IReadOnlyList<string> None { get; } = [];

    /// <summary>A person's roles as a run keeps them: in order, separated by commas; empty for who has none.</summary>
    public static string Of(IEnumerable<string> roles) => string.Join(',', roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    /// <summary>The roles of one person.</summary>
    public static string[] RolesOf(string person) => person.Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>With one more person; who has the same roles as one before him changes nothing.</summary>
    internal static IReadOnlyList<string> With(IReadOnlyList<string> hands, string person) => hands.Contains(person, StringComparer.Ordinal) ? hands : [.. hands, person];

    internal static object?[] Write(IReadOnlyList<string> hands) => [.. hands];

    /// <summary>What was stored before there were hands has none.</summary>
    internal static IReadOnlyList<string> Read(object? stored) => stored is object?[] { Length: > 0 } hands ? [.. hands.Cast<string>()] : None;
}
