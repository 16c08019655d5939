using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Cel.Functions;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel;

/// <summary>One evaluation under way: what it may read, what it may still spend, and whether it has seen something confidential.</summary>
public sealed class CelEvaluation
{
    /// <summary>How much work passes between two looks at whether the evaluation was cancelled.</summary>
    private const int UnitsBetweenChecks = 4096;

    private readonly CelOptions options;
    private long budget;
    private long nextCheck;

    internal CelEvaluation(CelOptions options, int locals)
    {
        this.options = options;
        Locals = locals == 0 ? [] : new CelValue[locals];
    }

    /// <summary>What the expression reads.</summary>
    public ICelActivation Activation { get; private set; } = null!;

    /// <summary>What the evaluation has spent.</summary>
    internal long Cost => options.CostLimit - budget;

    /// <summary>A confidential value was read: the result, and what an error would quote, is confidential too.</summary>
    public bool IsConfidential { get; private set; }

    internal CelValue[] Locals { get; }

    private CancellationToken CancellationToken { get; set; }

    internal long Budget => budget;

    internal void Begin(ICelActivation activation, CancellationToken cancellationToken, long? costLimit = null)
    {
        Activation = activation;
        CancellationToken = cancellationToken;
        IsConfidential = false;
        budget = costLimit ?? options.CostLimit;
        nextCheck = Math.Max(0, budget - UnitsBetweenChecks);
    }

    internal void End()
    {
        Activation = null!;
        Array.Clear(Locals);
    }

    /// <summary>Spends some of what the evaluation may cost: one unit is about one operation on one element, or on 16 bytes.</summary>
    /// <param name="cost">Units, from 0.</param>
    /// <exception cref="CelException">The limit is passed, or the evaluation was cancelled.</exception>
    public void Charge(long cost)
    {
        budget -= cost;
        if (budget < nextCheck)
        {
            CheckBudget();
        }
    }

    private void CheckBudget()
    {
        if (budget < 0)
        {
            throw new CelException($"The expression does more work than one evaluation may ({options.CostLimit:N0} units). Make its lists or texts smaller, or spread it over several activities.");
        }

        CancellationToken.ThrowIfCancellationRequested();
        nextCheck = Math.Max(0, budget - UnitsBetweenChecks);
    }

    /// <summary>Charges for reading or making so many characters or bytes.</summary>
    public void ChargeLength(long length)
    {
        if (length > options.MaxInputLength)
        {
            throw new CelException($"A text or byte string{(IsConfidential ? "" : $" of {length:N0}")} is longer than an expression may work on ({options.MaxInputLength:N0}).");
        }

        Charge(1 + (length >> 4));
    }

    /// <summary>
    /// Charges for what .NET does each time such a value is read: a JSON text is decoded, the properties of a JSON object are gone through.
    /// Small values are not worth the look.
    /// </summary>
    internal void ChargeReading(in CelValue value)
    {
        if (!value.IsJson || value.RawLength is var length && length < 4096)
        {
            return;
        }

        Charge(value.Kind switch
        {
            CelKind.String => length >> 8,
            CelKind.Map => value.Json.GetPropertyCount() >> 5,
            _ => 0,
        });
    }

    /// <summary>Charges for a key that is looked up or stored: a text is hashed.</summary>
    internal void ChargeKey(in CelValue key)
    {
        if (key.Kind == CelKind.String)
        {
            Charge(key.RawLength >> 6);
        }
    }

    /// <summary>A nested value is walked one level deeper.</summary>
    internal static void Descend()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new CelException("A value is nested too deeply to be compared, searched or printed.");
        }
    }

    /// <summary>The elements of a list; each is charged.</summary>
    public IReadOnlyList<CelValue> ItemsOf(CelValue list) => ListFunctions.Items(this, list);

    /// <summary>A value as .NET has it, in the forms of <see cref="CelResult.Value"/>.</summary>
    public object? Export(CelValue value) => CelResult.Export(this, value);

    /// <summary>A value of the host as a value of the language, without copying it where it can be read in place.</summary>
    public CelValue Adapt(object? value) => value switch
    {
        null => CelValue.Null,
        string text => CelValue.Of(text),
        JsonElement json => CelValue.Of(json),
        bool boolean => CelValue.Of(boolean),
        long integer => CelValue.Of(integer),
        int integer => CelValue.Of((long)integer),
        double number => CelValue.Of(number),
        CelValue adapted => adapted,
        _ => AdaptOther(value),
    };

    private CelValue AdaptOther(object value)
    {
        if (Activation.TryOpen(value, out var content, out var confidential))
        {
            IsConfidential |= confidential;
            return Adapt(content);
        }

        return value switch
        {
            short or sbyte or byte or ushort or uint => CelValue.Of(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)),
            ulong number => CelValue.Of(number),
            float number => CelValue.Of((double)number),
            decimal number => decimal.IsInteger(number) && number is >= long.MinValue and <= long.MaxValue ? CelValue.Of((long)number) : CelValue.Of((double)number),
            byte[] bytes => CelValue.Of(bytes),
            ReadOnlyMemory<byte> bytes => CelValue.Of(bytes.ToArray()),
            DateTimeOffset time => CelValue.Of(CelTimestamp.From(time)),
            DateTime time => CelValue.Of(CelTimestamp.From(new DateTimeOffset(time.ToUniversalTime()))),
            TimeSpan span => CelDuration.From(span) is { } duration ? CelValue.Of(duration) : CelValue.Error("duration overflow: about 292 years can be expressed"),
            CelTimestamp time => CelValue.Of(time),
            CelDuration span => CelValue.Of(span),
            char or Guid or Uri or Enum => CelValue.Of(value.ToString()),
            JsonObject node => CelValue.Of(new NodeMap(node)),
            JsonArray node => CelValue.Of(new NodeList(node)),
            JsonValue node => AdaptNode(node),
            JsonDocument document => CelValue.Of(document.RootElement),
            IReadOnlyDictionary<string, object?> map => CelValue.Of(new HostReadOnlyMap(map)),
            IDictionary map => AdaptDictionary(map),
            IReadOnlyList<object?> list => CelValue.Of(new HostReadOnlyList(list)),
            IList list => CelValue.Of(new HostList(list)),
            ICelOpaque opaque => CelValue.Of(opaque),
            IEnumerable items => AdaptItems(items),
            _ => CelValue.Error($"a value of .NET type {value.GetType().Name} has no meaning in an expression"),
        };
    }

    private CelValue AdaptNode(JsonValue node) =>
        node.TryGetValue<JsonElement>(out var json) ? CelValue.Of(json) : Adapt(node.GetValue<object>());

    private CelValue AdaptDictionary(IDictionary map)
    {
        if (map.Keys.OfType<object>().FirstOrDefault() is string or null)
        {
            return CelValue.Of(new HostMap(map));
        }

        var entries = new EntryMap();
        foreach (DictionaryEntry entry in map)
        {
            Charge(1);
            entries.TryAdd(Adapt(entry.Key), Adapt(entry.Value));
        }

        return CelValue.Of(entries);
    }

    private CelValue AdaptItems(IEnumerable items)
    {
        var list = new List<CelValue>();
        foreach (var item in items)
        {
            Charge(1);
            list.Add(Adapt(item));
        }

        return CelValue.ListOf([.. list]);
    }
}
