namespace FederationWorkflows.Cel;

/// <summary>Turns a wrong name into advice: the nearest right one.</summary>
public static class Suggestion
{
    /// <summary>A file of errors is answered in reasonable time, too.</summary>
    private const int MaxCandidates = 500;

    /// <summary>"Did you mean 'x'?" when a candidate is near, otherwise <paramref name="otherwise"/> and the candidates.</summary>
    public static string Among(string wrong, IEnumerable<string> candidates, string otherwise)
    {
        var known = candidates.Take(MaxCandidates).Distinct(StringComparer.Ordinal).ToList();
        var limit = Math.Min(64, Math.Max(2, wrong.Length / 3));
        string? nearest = null;
        foreach (var name in known)
        {
            if (limit >= 0 && Math.Abs(Math.Min(64, name.Length) - Math.Min(64, wrong.Length)) <= limit && Distance(wrong, name, limit) is var distance && distance <= limit)
            {
                (nearest, limit) = (name, distance - 1);
            }
        }

        if (nearest is not null)
        {
            return $"Did you mean '{nearest}'?";
        }

        return known.Count is 0 or > 12 ? otherwise + "." : $"{otherwise}, or use one of: {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>Levenshtein's distance, without case, or some number above the limit; long names are cut, for a suggestion needs no more.</summary>
    private static int Distance(string a, string b, int limit)
    {
        a = a.Length > 64 ? a[..64] : a;
        b = b.Length > 64 ? b[..64] : b;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            var least = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                var same = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]);
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (same ? 0 : 1));
                diagonal = above;
                least = Math.Min(least, row[j]);
            }

            if (least > limit)
            {
                return least;
            }
        }

        return row[b.Length];
    }
}
