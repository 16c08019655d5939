using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace FederationWorkflows.Federation.Trust;

/// <summary>The facts of a request that policy conditions and variables read: condition keys, in any case, with one or several values. Immutable.</summary>
public sealed class ConditionContext
{
    private readonly ImmutableDictionary<string, IReadOnlyList<string>> values;

    private ConditionContext(ImmutableDictionary<string, IReadOnlyList<string>> values) => this.values = values;

    /// <summary>No facts.</summary>
    public static ConditionContext Empty { get; } = new(ImmutableDictionary.Create<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase));

    /// <summary>The keys that have a value, in alphabetical order.</summary>
    public IEnumerable<string> Keys => values.Keys.Order(StringComparer.Ordinal);

    /// <summary>These facts and one more, in place of an earlier one of that name. No values: the key stays absent.</summary>
    public ConditionContext With(string key, params IReadOnlyList<string> values) =>
        new(values.Count == 0 ? this.values.Remove(key) : this.values.SetItem(key, [.. values]));

    /// <summary>The values of a key; false when the request has none.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out IReadOnlyList<string>? found) => values.TryGetValue(key, out found);
}
