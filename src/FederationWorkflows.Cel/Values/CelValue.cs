using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Values;

/// <summary>
/// A value while an expression runs. JSON stays where it is: a list, a map or a text can be a <see cref="JsonElement"/> that is read
/// when it is needed.
/// </summary>
[StructLayout(LayoutKind.Auto)]
[SuppressMessage("Performance", "CA1815", Justification = "Equality is the language's and needs an evaluation: it opens values of the host and is charged for.")]
public readonly struct CelValue
{
    private readonly CelKind kind;
    private readonly long bits;
    private readonly object? reference;
    private readonly JsonElement json;

    private CelValue(CelKind kind, long bits, object? reference)
    {
        this.kind = kind;
        this.bits = bits;
        this.reference = reference;
    }

    private CelValue(CelKind kind, JsonElement json)
    {
        this.kind = kind;
        this.json = json;
    }

    /// <summary>Null.</summary>
    public static CelValue Null => default;

    /// <summary>True.</summary>
    public static CelValue True => new(CelKind.Bool, 1, null);

    /// <summary>False.</summary>
    public static CelValue False => new(CelKind.Bool, 0, null);

    /// <summary>No value.</summary>
    public static CelValue None { get; } = new(CelKind.Optional, 0, null);

    /// <summary>What it holds.</summary>
    public CelKind Kind => kind;

    /// <summary>It is a fault, not a value.</summary>
    public bool IsError => kind == CelKind.Error;

    /// <summary>A boolean's value.</summary>
    public bool Bool => bits != 0;

    /// <summary>An int's value.</summary>
    public long Int => bits;

    /// <summary>A uint's value.</summary>
    public ulong Uint => (ulong)bits;

    /// <summary>A double's value.</summary>
    public double Double => BitConverter.Int64BitsToDouble(bits);

    /// <summary>A string's value.</summary>
    public string Text => (string?)reference ?? json.GetString()!;

    /// <summary>The value of bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => (byte[])reference!;

    /// <summary>A timestamp's value.</summary>
    public CelTimestamp Timestamp => (CelTimestamp)reference!;

    /// <summary>A duration's value.</summary>
    public CelDuration Duration => new(bits);

    /// <summary>A type's value.</summary>
    public CelType TypeValue => (CelType)reference!;

    /// <summary>The value of a type that functions added.</summary>
    public ICelOpaque OpaqueValue => (ICelOpaque)reference!;

    /// <summary>An error's fault.</summary>
    public CelFault Fault => (CelFault)reference!;

    /// <summary>An optional has a value.</summary>
    public bool HasValue => reference is not null;

    /// <summary>An optional's value.</summary>
    public CelValue OptionalValue => ((Box)reference!).Value;

    internal CelList? ListObject => (CelList?)reference;

    internal CelMap? MapObject => (CelMap?)reference;

    /// <summary>The element a string, list or map still is; <see cref="JsonValueKind.Undefined"/> when it is none.</summary>
    internal JsonElement Json => json;

    /// <summary>The list or dictionary of the host that this is, or null.</summary>
    internal object? HostObject => kind switch
    {
        CelKind.List => ListObject?.HostObject,
        CelKind.Map => MapObject?.HostObject,
        CelKind.Optional when HasValue => OptionalValue.HostObject,
        _ => null,
    };

    internal bool IsJson => reference is null && kind is CelKind.String or CelKind.List or CelKind.Map;

    /// <summary>The length of a text in UTF-16 units, of a JSON value as it is written in bytes.</summary>
    internal int RawLength => reference is string text ? text.Length : JsonMarshal.GetRawUtf8Value(json).Length;

    /// <summary>The number of a list's elements.</summary>
    public int Count => ListObject?.Count ?? json.GetArrayLength();

    /// <summary>A boolean.</summary>
    public static CelValue Of(bool value) => new(CelKind.Bool, value ? 1 : 0, null);

    /// <summary>An int.</summary>
    public static CelValue Of(long value) => new(CelKind.Int, value, null);

    /// <summary>A uint.</summary>
    public static CelValue Of(ulong value) => new(CelKind.Uint, (long)value, null);

    /// <summary>A double.</summary>
    public static CelValue Of(double value) => new(CelKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A string, or null.</summary>
    public static CelValue Of(string? value) => value is null ? default : new(CelKind.String, 0, value);

    /// <summary>Bytes; the array must not change any more.</summary>
    public static CelValue Of(byte[] value) => new(CelKind.Bytes, 0, value);

    /// <summary>A timestamp.</summary>
    public static CelValue Of(CelTimestamp value) => new(CelKind.Timestamp, 0, value);

    /// <summary>A duration.</summary>
    public static CelValue Of(CelDuration value) => new(CelKind.Duration, value.Nanos, null);

    /// <summary>A type.</summary>
    public static CelValue Of(CelType value) => new(CelKind.Type, 0, value);

    /// <summary>A value of a type that functions added.</summary>
    public static CelValue Of(ICelOpaque value) => new(CelKind.Opaque, 0, value);

    /// <summary>A list; the array must not change any more.</summary>
    public static CelValue ListOf(params CelValue[] items) => new(CelKind.List, 0, new ArrayList(items));

    /// <summary>A map; later entries of a key win.</summary>
    public static CelValue MapOf(params IEnumerable<KeyValuePair<string, CelValue>> entries)
    {
        var map = new EntryMap();
        foreach (var (key, value) in entries)
        {
            map.Set(Of(key), value);
        }

        return Of(map);
    }

    /// <summary>An optional that has a value.</summary>
    public static CelValue Some(CelValue value) => new(CelKind.Optional, 0, new Box(value));

    /// <summary>JSON as it is; integral numbers within 64 bits are ints.</summary>
    public static CelValue Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? Of(integer) : Of(json.GetDouble()),
        JsonValueKind.String => new(CelKind.String, json),
        JsonValueKind.Array => new(CelKind.List, json),
        JsonValueKind.Object => new(CelKind.Map, json),
        _ => default,
    };

    /// <summary>A failure.</summary>
    /// <param name="message">What happened and how to mend it; no value of the run, which could be a secret.</param>
    /// <param name="detail">The values it happened to; shown only when nothing confidential was read.</param>
    public static CelValue Error(string message, string? detail = null) => new(CelKind.Error, 0, new CelFault(message, detail));

    internal static CelValue Missing(string message, string? detail = null) => new(CelKind.Error, 0, new CelFault(message, detail, isMissing: true));

    internal static CelValue Of(CelList list) => new(CelKind.List, 0, list);

    internal static CelValue Of(CelMap map) => new(CelKind.Map, 0, map);

    internal static CelValue NoOverload(string function) =>
        Error($"no such overload: {function} does not take values of these types. Convert them first, e.g. with string(x) or int(x)");

    /// <summary>Its type, without what its elements are.</summary>
    public CelType Type => kind switch
    {
        CelKind.Null => CelType.Null,
        CelKind.Bool => CelType.Bool,
        CelKind.Int => CelType.Int,
        CelKind.Uint => CelType.Uint,
        CelKind.Double => CelType.Double,
        CelKind.String => CelType.String,
        CelKind.Bytes => CelType.Bytes,
        CelKind.Timestamp => CelType.Timestamp,
        CelKind.Duration => CelType.Duration,
        CelKind.List => CelType.AnyList,
        CelKind.Map => CelType.AnyMap,
        CelKind.Type => CelType.AnyType,
        CelKind.Optional => CelType.AnyOptional,
        CelKind.Opaque => OpaqueValue.Type,
        _ => CelType.Dyn,
    };

    /// <summary>The kind only: a value may be a secret.</summary>
    public override string ToString() => kind.ToString();

    private sealed class Box(CelValue value)
    {
        public CelValue Value { get; } = value;
    }
}
