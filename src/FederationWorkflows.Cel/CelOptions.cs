namespace FederationWorkflows.Cel;

/// <summary>What an expression may be and do.</summary>
public sealed record CelOptions
{
    /// <summary>The work one evaluation may do; one unit is about one operation on one element, or on 16 bytes. From 1.</summary>
    public long CostLimit { get; init; } = 1_000_000;

    /// <summary>The longest text of an expression, in UTF-16 units.</summary>
    public int MaxExpressionLength { get; init; } = 65_536;

    /// <summary>The longest text or byte string an operation may read or make, in UTF-16 units or bytes.</summary>
    public int MaxInputLength { get; init; } = 16 * 1024 * 1024;

    /// <summary>How deeply operators, calls and literals may be nested, 1 to 500.</summary>
    public int MaxNesting { get; init; } = 250;

    /// <summary>The namespace that names are looked up in first, e.g. <c>com.example</c> (CEL specification: "Name Resolution").</summary>
    public string Container { get; init; } = "";
}
