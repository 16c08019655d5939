namespace FederationWorkflows.Cel.Types;

/// <summary>What kind of type a <see cref="CelType"/> is.</summary>
public enum CelTypeKind
{
    /// <summary>Known only when the expression runs.</summary>
    Dyn,

    /// <summary>The type of <c>null</c>.</summary>
    Null,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>64-bit signed.</summary>
    Int,

    /// <summary>64-bit unsigned.</summary>
    Uint,

    /// <summary>IEEE 754 binary64.</summary>
    Double,

    /// <summary>Unicode code points.</summary>
    String,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A point in time.</summary>
    Timestamp,

    /// <summary>A length of time.</summary>
    Duration,

    /// <summary><c>list(T)</c>.</summary>
    List,

    /// <summary><c>map(K, V)</c>.</summary>
    Map,

    /// <summary><c>type(T)</c>: a type as a value.</summary>
    Type,

    /// <summary>A type with a name of its own and parameters, e.g. <c>optional_type(T)</c>.</summary>
    Opaque,

    /// <summary>A type that a call decides.</summary>
    Parameter,
}

/// <summary>A type of the Common Expression Language (CEL specification: "Values").</summary>
public sealed class CelType : IEquatable<CelType>
{
    /// <summary>Of a type with more parts than this nothing is known: macros could double one at each step, and it would be walked for ever.</summary>
    private const int MaxSize = 256;

    private readonly int size;

    private CelType(CelTypeKind kind, string name, params CelType[] parameters)
    {
        Kind = kind;
        Name = name;
        Parameters = parameters;
        size = 1 + parameters.Sum(parameter => parameter.size);
    }

    /// <summary>Known only when the expression runs.</summary>
    public static CelType Dyn { get; } = new(CelTypeKind.Dyn, "dyn");

    /// <summary>The type of <c>null</c>.</summary>
    public static CelType Null { get; } = new(CelTypeKind.Null, "null_type");

    /// <summary>True or false.</summary>
    public static CelType Bool { get; } = new(CelTypeKind.Bool, "bool");

    /// <summary>64-bit signed.</summary>
    public static CelType Int { get; } = new(CelTypeKind.Int, "int");

    /// <summary>64-bit unsigned.</summary>
    public static CelType Uint { get; } = new(CelTypeKind.Uint, "uint");

    /// <summary>IEEE 754 binary64.</summary>
    public static CelType Double { get; } = new(CelTypeKind.Double, "double");

    /// <summary>Unicode code points.</summary>
    public static CelType String { get; } = new(CelTypeKind.String, "string");

    /// <summary>Bytes.</summary>
    public static CelType Bytes { get; } = new(CelTypeKind.Bytes, "bytes");

    /// <summary>A point in time.</summary>
    public static CelType Timestamp { get; } = new(CelTypeKind.Timestamp, "google.protobuf.Timestamp");

    /// <summary>A length of time.</summary>
    public static CelType Duration { get; } = new(CelTypeKind.Duration, "google.protobuf.Duration");

    /// <summary>A list of anything.</summary>
    public static CelType AnyList { get; } = ListOf(Dyn);

    /// <summary>A map of anything to anything.</summary>
    public static CelType AnyMap { get; } = MapOf(Dyn, Dyn);

    /// <summary>A type as a value.</summary>
    public static CelType AnyType { get; } = TypeOf(Dyn);

    internal static CelType AnyOptional { get; } = OptionalOf(Dyn);

    /// <summary>What kind of type this is.</summary>
    public CelTypeKind Kind { get; }

    /// <summary>Its name as a value prints, without parameters.</summary>
    public string Name { get; }

    /// <summary>Element type of a list; key and value type of a map; parameters of an opaque type.</summary>
    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary><c>list(T)</c>.</summary>
    public static CelType ListOf(CelType element) => Bounded(new(CelTypeKind.List, "list", element));

    /// <summary><c>map(K, V)</c>.</summary>
    public static CelType MapOf(CelType key, CelType value) => Bounded(new(CelTypeKind.Map, "map", key, value));

    /// <summary><c>type(T)</c>.</summary>
    public static CelType TypeOf(CelType type) => Bounded(new(CelTypeKind.Type, "type", type));

    /// <summary><c>optional_type(T)</c>.</summary>
    public static CelType OptionalOf(CelType type) => Opaque("optional_type", type);

    /// <summary>A type with a name of its own.</summary>
    public static CelType Opaque(string name, params CelType[] parameters) => Bounded(new(CelTypeKind.Opaque, name, parameters));

    /// <summary>A type that a call decides: <c>A</c> in <c>list(A)</c>.</summary>
    public static CelType Parameter(string name) => new(CelTypeKind.Parameter, name);

    private static CelType Bounded(CelType type) => type.size > MaxSize ? Dyn : type;

    internal bool IsOptional => Kind == CelTypeKind.Opaque && Name == "optional_type";

    /// <inheritdoc/>
    public bool Equals(CelType? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Kind == other.Kind && Name == other.Name && Parameters.SequenceEqual(other.Parameters));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CelType);

    /// <inheritdoc/>
    public override int GetHashCode() => Parameters.Aggregate(HashCode.Combine(Kind, Name), HashCode.Combine);

    /// <summary>As people write it, e.g. <c>map(string, list(int))</c>.</summary>
    public override string ToString() => Kind switch
    {
        CelTypeKind.Timestamp => "timestamp",
        CelTypeKind.Duration => "duration",
        _ when IsOptional => $"optional({Parameters[0]})",
        _ when Parameters.Count > 0 => $"{Name}({string.Join(", ", Parameters)})",
        _ => Name,
    };
}
