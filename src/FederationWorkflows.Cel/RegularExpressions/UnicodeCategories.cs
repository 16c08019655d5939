using System.Globalization;

namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>The code points of a Unicode general category (<c>L</c>, <c>Lu</c>, ...) by the runtime's own tables.</summary>
internal static class UnicodeCategories
{
    // In the order of System.Globalization.UnicodeCategory. Unassigned code points (Cn) are in no category that RE2 can name.
    private static readonly string[] Names =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
    ];

    private static readonly Lazy<CodePointSet[]> Sets = new(Build);

    /// <summary>The code points of a category, or null when the name is of none.</summary>
    public static CodePointSet? Find(string name)
    {
        if (name is not ([_] or [_, _]))
        {
            return null;
        }

        CodePointSet? found = null;
        for (var i = 0; i < Names.Length; i++)
        {
            if (Names[i].StartsWith(name, StringComparison.Ordinal))
            {
                (found ??= new CodePointSet()).Add(Sets.Value[i]);
            }
        }

        return found;
    }

    private static CodePointSet[] Build()
    {
        var sets = Array.ConvertAll(Names, _ => new CodePointSet());
        var first = 0;
        for (var value = 1; value <= CodePointSet.Maximum + 1; value++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(first);
            if (value > CodePointSet.Maximum || CharUnicodeInfo.GetUnicodeCategory(value) != category)
            {
                if (category != UnicodeCategory.OtherNotAssigned)
                {
                    sets[(int)category].Add(first, value - 1);
                }

                first = value;
            }
        }

        // Read once here, so that threads that share the sets afterwards only read.
        foreach (var set in sets)
        {
            _ = set.Ranges;
        }

        return sets;
    }
}
