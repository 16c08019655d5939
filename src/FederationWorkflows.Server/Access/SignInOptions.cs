using System.ComponentModel.DataAnnotations;

namespace FederationWorkflows.Server.Access;

/// <summary>How people and programs sign in: configuration section <c>SignIn</c>.</summary>
public sealed class SignInOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "SignIn";

    /// <summary>
    /// Whoever calls from the server's own machine, without a proxy between, is an administrator without signing in. For servers of one
    /// person, and to get in again when nobody knows an administrator's password any more.
    /// </summary>
    public bool TrustLocalCallers { get; set; }

    /// <summary>A session that is not used for so long ends. One minute to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "SignIn:SessionIdle must be from 00:01:00 to 30.00:00:00.")]
    public TimeSpan SessionIdle { get; set; } = TimeSpan.FromHours(8);

    /// <summary>A session ends after so long, however much it is used. One minute to 90 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00", ErrorMessage = "SignIn:SessionLifetime must be from 00:01:00 to 90.00:00:00.")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(7);
}
