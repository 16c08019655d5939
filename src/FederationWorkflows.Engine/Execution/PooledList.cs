using System.Buffers;
using System.Collections;

namespace FederationWorkflows.Engine.Execution;

/// <summary>A list whose array goes back to the pool: between two commits a run fills one again and again.</summary>
internal sealed class PooledList<T> : IReadOnlyList<T>
{
    private T[] items = [];

    public int Count { get; private set; }

    public T this[int index] => index < Count ? items[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public void Add(T item)
    {
        if (Count == items.Length)
        {
            Grow();
        }

        items[Count++] = item;
    }

    /// <summary>Empties the list and keeps its array.</summary>
    public void Clear()
    {
        Array.Clear(items, 0, Count);
        Count = 0;
    }

    /// <summary>Empties the list and gives its array back.</summary>
    public void Return()
    {
        if (items.Length > 0)
        {
            Clear();
            ArrayPool<T>.Shared.Return(items);
            items = [];
        }
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return items[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Grow()
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(16, items.Length * 2));
        items.CopyTo(larger, 0);
        if (items.Length > 0)
        {
            Array.Clear(items);
            ArrayPool<T>.Shared.Return(items);
        }

        items = larger;
    }
}
