using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Server.Secrets;

/// <summary>How secrets are kept: configuration section <c>Secrets</c>.</summary>
public sealed class SecretOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Secrets";

    internal static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(30);

    /// <summary>How long signatures made with the value before are still taken after a rotation that does not say. From zero to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ErrorMessage = "Secrets:RotationOverlap must be from 00:00:00 to 30.00:00:00.")]
    public TimeSpan RotationOverlap { get; set; } = TimeSpan.FromHours(1);
}
