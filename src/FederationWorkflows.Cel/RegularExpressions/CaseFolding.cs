using System.Collections.Frozen;
using System.Text;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>
/// Which code points are one letter when case is ignored: Unicode's simple case folding, as RE2 has it. <c>k</c>, <c>K</c> and the Kelvin sign are one,
/// so are <c>s</c>, <c>S</c> and the long s; .NET's own case-insensitive matching knows fewer.
/// </summary>
internal static class CaseFolding
{
    private const int LongS = 0x17F;

    private static readonly Lazy<FrozenDictionary<int, int[]>> Orbits = new(Build);

    public static void Close(CodePointSet set)
    {
        if (set.Ranges is [var (first, last)] && first == last)
        {
            AddOrbit(set, Orbits.Value.GetValueOrDefault(first, []));
            return;
        }

        // Membership is asked of the set as it was: what folding adds has no orbit of its own to add.
        var members = Orbits.Value.Where(orbit => set.Contains(orbit.Key)).ToArray();
        foreach (var (_, orbit) in members)
        {
            AddOrbit(set, orbit);
        }
    }

    private static void AddOrbit(CodePointSet set, int[] orbit)
    {
        foreach (var codePoint in orbit)
        {
            set.Add(codePoint, codePoint);
        }
    }

    private static FrozenDictionary<int, int[]> Build()
    {
        var folded = new Dictionary<int, HashSet<int>>();
        for (var value = 0; value <= CodePointSet.Maximum; value++)
        {
            if (!Rune.TryCreate(value, out var rune))
            {
                continue;
            }

            // The one simple folding of CaseFolding.txt that .NET leaves out of its invariant casing.
            var fold = value == LongS ? 's' : Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune)).Value;
            if (fold != value)
            {
                var orbit = folded.TryGetValue(fold, out var known) ? known : folded[fold] = [fold];
                orbit.Add(value);
            }
        }

        return folded.Values.SelectMany(orbit => orbit.Select(member => (member, All: orbit.ToArray()))).ToFrozenDictionary(pair => pair.member, pair => pair.All);
    }
}
