namespace FederationWorkflows.Cel.Values;

/// <summary>What a <see cref="CelValue"/> holds.</summary>
public enum CelKind
{
    /// <summary>Null.</summary>
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

    /// <summary>A point in time, see <see cref="CelTimestamp"/>.</summary>
    Timestamp,

    /// <summary>A length of time, see <see cref="CelDuration"/>.</summary>
    Duration,

    /// <summary>A list.</summary>
    List,

    /// <summary>A map.</summary>
    Map,

    /// <summary>A type.</summary>
    Type,

    /// <summary>A value or none.</summary>
    Optional,

    /// <summary>A value of a type that functions added, see <see cref="ICelOpaque"/>.</summary>
    Opaque,

    /// <summary>An operation failed; see <see cref="CelFault"/>.</summary>
    Error,
}
