namespace FederationWorkflows.CloudLab.Google;

/// <summary>Who an access token speaks for, in IAM's words.</summary>
public sealed record GooglePrincipal
{
    private const string ServiceAccountPrefix = "serviceAccount:";
    private const string UserPrefix = "user:";
    private const string AllAuthenticatedUsers = "allAuthenticatedUsers";

    private GooglePrincipal(string member, IReadOnlyList<string> sets, string? email, string subject)
    {
        Member = member;
        Sets = sets;
        Email = email;
        Subject = subject;
    }

    /// <summary>The principal's own member name: <c>serviceAccount:...</c>, <c>user:...</c> or <c>principal://...</c>.</summary>
    public string Member { get; }

    /// <summary>The <c>principalSet://...</c> names a federated principal also answers to.</summary>
    public IReadOnlyList<string> Sets { get; }

    /// <summary>The address; null for a federated principal, which has none.</summary>
    public string? Email { get; }

    /// <summary>The numeric account id, or the subject of a federated principal.</summary>
    public string Subject { get; }

    /// <summary>A service account.</summary>
    public static GooglePrincipal ServiceAccount(string email, string uniqueId) => new(ServiceAccountPrefix + email, [], email, uniqueId);

    /// <summary>A person.</summary>
    public static GooglePrincipal User(string email, string uniqueId) => new(UserPrefix + email, [], email, uniqueId);

    /// <summary>An identity of a workload identity pool.</summary>
    /// <param name="member">Its <c>principal://iam.googleapis.com/.../subject/SUBJECT</c>.</param>
    /// <param name="subject">The mapped <c>google.subject</c>.</param>
    /// <param name="sets">The <c>principalSet://</c> names of its pool, groups and attributes.</param>
    public static GooglePrincipal Federated(string member, string subject, IReadOnlyList<string> sets) => new(member, sets, null, subject);

    /// <summary>
    /// Whether a binding's member names this principal. Addresses are compared without regard to case, as IAM does;
    /// <c>allAuthenticatedUsers</c> leaves out federated identities (Google Cloud documentation, "Principal identifiers").
    /// </summary>
    internal bool Is(string member) =>
        (member == AllAuthenticatedUsers && Email is not null)
        || string.Equals(member, Member, Email is null ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase)
        || Sets.Contains(member, StringComparer.Ordinal);

    /// <summary>Whether <paramref name="text"/> has the form of a member that the lab can evaluate.</summary>
    internal static bool IsMember(string text) =>
        text == AllAuthenticatedUsers
        || (text.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal)
            && (text.Contains('@', StringComparison.Ordinal) || text.Contains(".svc.id.goog[", StringComparison.Ordinal)))
        || (text.StartsWith(UserPrefix, StringComparison.Ordinal) && text.Contains('@', StringComparison.Ordinal))
        || text.StartsWith("principal://iam.googleapis.com/", StringComparison.Ordinal)
        || text.StartsWith("principalSet://iam.googleapis.com/", StringComparison.Ordinal);
}
