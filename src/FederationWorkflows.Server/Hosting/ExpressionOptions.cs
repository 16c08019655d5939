using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Server.Hosting;

/// <summary>What expressions of stories may cost and be: configuration section <c>Expressions</c>.</summary>
public sealed class ExpressionOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Expressions";

    /// <summary>The work of one evaluation; see <see cref="ExpressionHost.CostLimit"/>.</summary>
    [Range(1, 1_000_000_000, ErrorMessage = "Expressions:CostLimit must be from 1 to 1000000000.")]
    public long CostLimit { get; set; } = 1_000_000;

    /// <summary>The longest text of one expression, in characters.</summary>
    [Range(1, 1_048_576, ErrorMessage = "Expressions:MaxExpressionLength must be from 1 to 1048576.")]
    public int MaxExpressionLength { get; set; } = 65_536;

    /// <summary>The longest text or byte string an expression may work on, in characters or bytes.</summary>
    [Range(1, 268_435_456, ErrorMessage = "Expressions:MaxInputLength must be from 1 to 268435456.")]
    public int MaxInputLength { get; set; } = 16 * 1024 * 1024;
}
