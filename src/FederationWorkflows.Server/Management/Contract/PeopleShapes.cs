using System.Text.Json;

namespace FederationWorkflows.Server.Management.Contract;

// What answers about people, what they are asked, and secrets look like, for the document that describes the API. A test holds them against the answers themselves.

/// <summary>The caller.</summary>
internal sealed record CallerFacts(string? Id, string? Name, string? SignedInBy, IReadOnlyList<string> Roles, IReadOnlyList<string> Permissions);

internal sealed record UserFacts(string Id, string Name, IReadOnlyList<string> Roles, bool IsDisabled, DateTimeOffset CreatedAt, string? Provider, bool HasPassword, long Revision);

internal sealed record KeyFacts(string Id, string Name, string OwnerId, string? Owner, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt);

/// <summary>A key that was just made.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is for.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was made, UTC.</param>
/// <param name="ExpiresAt">When it ends, UTC.</param>
/// <param name="Key">The key itself, which is not shown again.</param>
internal sealed record KeyMade(string Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Key);

internal sealed record AuditFacts(long Number, DateTimeOffset At, string Actor, string SignedInBy, string? Address, string Action, string Subject, bool Succeeded, JsonElement? Before, JsonElement? After);

/// <summary>Entries of the audit log, the newest first.</summary>
/// <param name="Items">The entries.</param>
/// <param name="Next">The <c>before</c> of the next page; null at the end.</param>
internal sealed record AuditPage(IReadOnlyList<AuditFacts> Items, long? Next);

internal sealed record DecisionFacts(string By, DateTimeOffset At, string Decision, string? Reason, string Via, string? LinkFrom);

/// <summary>An approval that waits.</summary>
internal sealed record ApprovalFacts(
    string Id, string Title, JsonElement Details, IReadOnlyList<string> Approvers, IReadOnlyList<string> ApproverRoles, int RequiredApprovals, bool NotTheStarter, string? StartedBy, DateTimeOffset? ExpiresAt, IReadOnlyList<DecisionFacts> Decisions,
    string WorkflowInstanceId, string ActivityId, DateTimeOffset AskedAt, bool MayDecide, string? WhyNot);

internal sealed record Decided(string Id, string Decision);

/// <summary>A link by which a person decides once, without signing in.</summary>
internal sealed record LinkMade(string Link, string Person, DateTimeOffset ExpiresAt);

internal sealed record TaskFacts(string TaskId, string TaskName, JsonElement Payload, string WorkflowInstanceId, string ActivityId, DateTimeOffset CreatedAt);

internal sealed record TaskCompleted(string TaskId);

internal sealed record EventPublished(string EventName);

internal sealed record NodeFacts(string Id, string Version, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool IsDraining, bool IsThis);

internal sealed record NodeDrained(string Id);

internal sealed record SecretVersionFacts(int Number, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? VerifiesUntil);

/// <summary>A secret, without its value.</summary>
internal sealed record SecretFacts(
    string Id, string Name, string DisplayName, string Description, string TypeName, string StoreName, string? Scope, string Status, int CurrentVersion, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset UpdatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt, IReadOnlyList<SecretVersionFacts> Versions);

internal sealed record SecretChoice(IReadOnlyList<SecretFacts> Items, bool CanCreateInline);

internal sealed record SecretType(string Name, string DisplayName, string Description, string EditorHint, IReadOnlyList<string> SupportedStoreNames);

internal sealed record SecretStoreKind(string Name, string DisplayName, string Description, string Capabilities, bool IsReadOnly);

internal sealed record SecretKinds(IReadOnlyList<SecretType> Types, IReadOnlyList<SecretStoreKind> Stores);
