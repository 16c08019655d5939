namespace FederationWorkflows.Engine.Definitions;

/// <summary>Turns a wrong name into advice: the nearest right one.</summary>
internal static class Suggestion
{
    /// <summary>"Did you mean 'x'?" when a candidate is near, otherwise <paramref name="otherwise"/> and the candidates.</summary>
    public static string Among(string wrong, IEnumerable<string> candidates, string otherwise)
    {
        var known = candidates.Distinct(StringComparer.Ordinal).ToList();
        var nearest = known.Select(name => (name, distance: Distance(wrong, name))).OrderBy(x => x.distance).FirstOrDefault();
        if (nearest.name is not null && nearest.distance <= Math.Max(2, wrong.Length / 3))
        {
            return $"Did you mean '{nearest.name}'?";
        }

        return known.Count is 0 or > 12 ? otherwise + "." : $"{otherwise}, or use one of: {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>Levenshtein's distance, without case; long names are cut, for a suggestion needs no more.</summary>
    private static int Distance(string a, string b)
    {
        a = a.Length > 64 ? a[..64] : a;
        b = b.Length > 64 ? b[..64] : b;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                var same = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]);
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (same ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
