using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>Sizes of lists and maps, and the extension "lists"; <c>sortBy</c> is a macro.</summary>
internal static class ListFunctions
{
    private const int MaxFlattenDepth = 64;

    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("size", "list(A)", "int", static (_, args) => CelValue.Of((long)args[0].Count)),
        Member("size", "list(A)", "int", static (_, args) => CelValue.Of((long)args[0].Count)),
        Global("size", "map(A, B)", "int", static (_, args) => CelValue.Of((long)Access.MapCount(args[0]))),
        Member("size", "map(A, B)", "int", static (_, args) => CelValue.Of((long)Access.MapCount(args[0]))),

        Global("lists.range", "int", "list(int)", Range),
        Member("slice", "list(A), int, int", "list(A)", Slice),
        Member("flatten", "list(list(A))", "list(A)", static (evaluation, args) => Flatten(evaluation, args[0], 1)),
        Member("flatten", "list(dyn), int", "list(dyn)", static (evaluation, args) => Flatten(evaluation, args[0], args[1].Int)),
        Member("distinct", "list(A)", "list(A)", Distinct),
        Member("reverse", "list(A)", "list(A)", static (evaluation, args) => CelValue.ListOf([.. Items(evaluation, args[0]).AsEnumerable().Reverse()])),
        Member("sort", "list(A)", "list(A)", static (evaluation, args) => Items(evaluation, args[0]) is var items ? SortBy(evaluation, "sort()", items, items) : default),
        Member("first", "list(A)", "optional(A)", static (evaluation, args) => args[0].Count == 0 ? CelValue.None : CelValue.Some(Access.Element(evaluation, args[0], 0))),
        Member("last", "list(A)", "optional(A)", static (evaluation, args) => args[0].Count == 0 ? CelValue.None : CelValue.Some(Access.Element(evaluation, args[0], args[0].Count - 1))),
    ];

    public static List<CelValue> Items(CelEvaluation evaluation, in CelValue list)
    {
        var items = new List<CelValue>(list.Count);
        var elements = new Elements(evaluation, list);
        while (elements.MoveNext())
        {
            items.Add(elements.Value);
        }

        return items;
    }

    /// <summary>The items in the order of their keys, which are numbers, or all of one type that has an order; equal ones keep theirs.</summary>
    public static CelValue SortBy(CelEvaluation evaluation, string function, List<CelValue> items, List<CelValue> keys)
    {
        if (keys.Count == 0)
        {
            return CelValue.ListOf();
        }

        foreach (var key in keys)
        {
            if (!Ordering.TryCompare(evaluation, key, keys[0], out _))
            {
                return CelValue.Error($"{function} compares values of one type: numbers, text, bytes, bools, timestamps or durations");
            }
        }

        var order = Enumerable.Range(0, keys.Count).ToArray();
        var comparer = Comparer<int>.Create((left, right) =>
        {
            evaluation.Charge(1);
            Ordering.TryCompare(evaluation, keys[left], keys[right], out var sign);

            // NaN has no order: it goes first, so that the sort is one at all.
            var known = sign ?? IsNaN(keys[right]).CompareTo(IsNaN(keys[left]));
            return known != 0 ? known : left.CompareTo(right);
        });
        try
        {
            Array.Sort(order, comparer);
        }
        catch (InvalidOperationException e) when (e.InnerException is CelException or OperationCanceledException)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
        }

        return CelValue.ListOf([.. order.Select(index => items[index])]);
    }

    private static bool IsNaN(in CelValue value) => value.Kind == CelKind.Double && double.IsNaN(value.Double);

    private static CelValue Range(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var count = args[0].Int;
        if (count < 0)
        {
            return CelValue.Error("lists.range() takes a number from 0");
        }

        evaluation.Charge(count);
        var items = new CelValue[count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = CelValue.Of((long)i);
        }

        return CelValue.ListOf(items);
    }

    private static CelValue Slice(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var (list, from, to) = (args[0], args[1].Int, args[2].Int);
        return from < 0 || to < from || to > list.Count
            ? CelValue.Error("slice() needs 0 <= start <= end <= the size of the list", $"it is {list.Count}")
            : CelValue.ListOf([.. Items(evaluation, list)[(int)from..(int)to]]);
    }

    private static CelValue Flatten(CelEvaluation evaluation, in CelValue list, long depth)
    {
        if (depth < 0)
        {
            return CelValue.Error("flatten() takes a depth from 0");
        }

        var items = new List<CelValue>();
        Add(list, Math.Min(depth, MaxFlattenDepth));
        return CelValue.ListOf([.. items]);

        void Add(in CelValue from, long left)
        {
            var elements = new Elements(evaluation, from);
            while (elements.MoveNext())
            {
                if (left > 0 && elements.Value.Kind == CelKind.List)
                {
                    Add(elements.Value, left - 1);
                }
                else
                {
                    items.Add(elements.Value);
                }
            }
        }
    }

    private static CelValue Distinct(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var items = new List<CelValue>();
        var keys = new HashSet<MapKey>();
        var others = new List<CelValue>();
        foreach (var item in Items(evaluation, args[0]))
        {
            evaluation.ChargeKey(item);
            if (MapKey.Of(item) is { } key)
            {
                if (keys.Add(key))
                {
                    items.Add(item);
                }
            }
            else if (!others.Exists(other => Same(other, item)))
            {
                others.Add(item);
                items.Add(item);
            }
        }

        return CelValue.ListOf([.. items]);

        bool Same(in CelValue a, in CelValue b)
        {
            evaluation.Charge(1);
            return Equality.Equal(evaluation, a, b);
        }
    }
}
