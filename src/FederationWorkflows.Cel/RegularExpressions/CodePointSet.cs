namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>A set of Unicode code points, what a character class means. Surrogates are never members: text is a sequence of code points.</summary>
internal sealed class CodePointSet
{
    public const int Maximum = 0x10FFFF;
    private const int FirstSurrogate = 0xD800;
    private const int LastSurrogate = 0xDFFF;

    private readonly List<(int First, int Last)> ranges = [];
    private bool normal = true;

    /// <summary>The ranges in ascending order, apart from each other, none touching the surrogates.</summary>
    public IReadOnlyList<(int First, int Last)> Ranges
    {
        get
        {
            Normalize();
            return ranges;
        }
    }

    public static CodePointSet Of(int codePoint) => Of(codePoint, codePoint);

    public static CodePointSet Of(int first, int last)
    {
        var set = new CodePointSet();
        set.Add(first, last);
        return set;
    }

    public void Add(int first, int last)
    {
        if (first < FirstSurrogate && last > LastSurrogate)
        {
            ranges.Add((first, FirstSurrogate - 1));
            ranges.Add((LastSurrogate + 1, last));
        }
        else
        {
            first = first is >= FirstSurrogate and <= LastSurrogate ? LastSurrogate + 1 : first;
            last = last is >= FirstSurrogate and <= LastSurrogate ? FirstSurrogate - 1 : last;
            if (first > last)
            {
                return;
            }

            ranges.Add((first, last));
        }

        normal = false;
    }

    public void Add(CodePointSet other)
    {
        foreach (var (first, last) in other.Ranges)
        {
            Add(first, last);
        }
    }

    public CodePointSet Complement()
    {
        var set = new CodePointSet();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (next < first)
            {
                set.Add(next, first - 1);
            }

            next = last + 1;
        }

        if (next <= Maximum)
        {
            set.Add(next, Maximum);
        }

        return set;
    }

    public bool Contains(int codePoint)
    {
        Normalize();
        int low = 0, high = ranges.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var (first, last) = ranges[middle];
            if (codePoint < first)
            {
                high = middle - 1;
            }
            else if (codePoint > last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private void Normalize()
    {
        if (normal)
        {
            return;
        }

        ranges.Sort();
        var kept = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            var (first, last) = ranges[i];
            if (first <= ranges[kept].Last + 1)
            {
                ranges[kept] = (ranges[kept].First, Math.Max(ranges[kept].Last, last));
            }
            else
            {
                ranges[++kept] = (first, last);
            }
        }

        ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
        normal = true;
    }
}
