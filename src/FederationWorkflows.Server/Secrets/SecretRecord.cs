using System.Text.RegularExpressions;

namespace FederationWorkflows.Server.Secrets;

/// <summary>A secret as it is stored: what people may know of it, and the ciphertexts of values that are still used.</summary>
internal sealed partial record SecretRecord
{
    /// <summary>The kind of its document.</summary>
    public const string Kind = "secret";

    /// <summary>The longest value, in characters.</summary>
    public const int MaxValueLength = 64 * 1024;

    /// <summary>The longest display name or description, in characters.</summary>
    public const int MaxTextLength = 1000;

    /// <summary>How many versions are remembered; older ones are forgotten.</summary>
    public const int MaxVersions = 50;

    /// <summary>What stories write behind <c>secrets.</c>; unique, and its id.</summary>
    public required string Name { get; init; }

    /// <summary>What people read in place of the name; may be null.</summary>
    public string? DisplayName { get; init; }

    /// <summary>What it is for; may be null.</summary>
    public string? Description { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When it last changed, UTC.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>From then on nobody gets it, UTC; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked, UTC; null when it was not since its last value.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Its values, the current one last.</summary>
    public required IReadOnlyList<SecretVersion> Versions { get; init; }

    /// <summary>Its current value.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public SecretVersion Current => Versions[^1];

    /// <summary>Letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, beginning with a letter, up to 100.</summary>
    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>How it stands (Elsa contract: secret status).</summary>
    public string StatusAt(DateTimeOffset now) => RevokedAt is not null ? "Revoked" : ExpiresAt <= now ? "Expired" : "Active";

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.\-]{0,99}\z")]
    private static partial Regex NamePattern();
}

/// <summary>One value of a secret.</summary>
/// <param name="Number">From 1.</param>
/// <param name="CreatedAt">When it was given, UTC.</param>
/// <param name="CreatedBy">Who gave it.</param>
/// <param name="Ciphertext">The value, encrypted and bound to name and number; null when nobody needs it any more.</param>
/// <param name="VerifiesUntil">A value that is not the current one any more still verifies signatures until then; null for the current one and for those that verify nothing.</param>
internal sealed record SecretVersion(int Number, DateTimeOffset CreatedAt, string CreatedBy, byte[]? Ciphertext, DateTimeOffset? VerifiesUntil = null);
