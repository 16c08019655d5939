using System.Text.Json;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Activities.Tasks;

/// <summary>What <c>FederationWorkflows.RequestApproval</c> waits for: a person's decision. What is asked is in the bookmark's metadata.</summary>
/// <param name="ApprovalId">The approval's id.</param>
public sealed record ApprovalStimulus(string ApprovalId)
{
    /// <summary>The kind of bookmark. It is not a task's: who may complete tasks may not thereby decide.</summary>
    public const string Kind = "FederationWorkflows.RequestApproval";

    /// <summary>The <see cref="ApprovalRequest"/> in the metadata, as JSON.</summary>
    public const string RequestKey = "approval";
}

/// <summary>What is asked, of whom, and what was decided so far.</summary>
public sealed record ApprovalRequest
{
    /// <summary>The approval's id.</summary>
    public required string Id { get; init; }

    /// <summary>What is to be approved.</summary>
    public required string Title { get; init; }

    /// <summary>What people should know to decide; what is sensitive in it is masked.</summary>
    public JsonElement Details { get; init; }

    /// <summary>The people who may decide: those who had the names when it was asked.</summary>
    public IReadOnlyList<Person> Approvers { get; init; } = [];

    /// <summary>Roles whose people may decide. Without names and roles, everybody may who may decide tasks.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>How many different people must approve, from 1.</summary>
    public int RequiredApprovals { get; init; } = 1;

    /// <summary>Who started the run may not decide.</summary>
    public bool NotTheStarter { get; init; }

    /// <summary>On whose behalf the run runs, or null.</summary>
    public Person? StartedBy { get; init; }

    /// <summary>When it is too late to decide, UTC; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The decisions so far, the first one first.</summary>
    public IReadOnlyList<ApprovalDecision> Decisions { get; init; } = [];

    /// <summary>
    /// What keeps a decision from counting, whoever may decide; null when nothing does. No person counts twice: not under two spellings of his name,
    /// not under another name, and not through somebody for whom he made a link.
    /// </summary>
    public string? Problem(ApprovalDecision decision)
    {
        foreach (var person in decision.People)
        {
            if (NotTheStarter && person.Is(StartedBy))
            {
                return $"{person.Name} started the run{Otherwise(person, StartedBy)}, and who started it may not decide.";
            }

            if (Decisions.SelectMany(earlier => earlier.People).FirstOrDefault(person.Is) is { } known)
            {
                return $"{person.Name} has taken part in a decision already{Otherwise(person, known)}. Another person must decide.";
            }
        }

        return null;
    }

    private static string Otherwise(Person person, Person known) => string.Equals(person.Name, known.Name, StringComparison.OrdinalIgnoreCase) ? "" : $" as {known.Name}";
}

/// <summary>What a person decided.</summary>
/// <param name="By">The person.</param>
/// <param name="At">When, UTC.</param>
/// <param name="IsApproval">Approved; otherwise rejected.</param>
/// <param name="Reason">What the person gave as reason, or null.</param>
/// <param name="Via">How the person was known: the way of signing in, or <c>link</c>.</param>
/// <param name="LinkFrom">Who made the link, which may have been used by him; null without a link and for links of the story.</param>
/// <param name="ById">The person's id, which stays when the name changes; null for who has no account, such as somebody outside to whom a link was sent.</param>
/// <param name="LinkFromId">The id of who made the link; null where <paramref name="LinkFrom"/> is, or has none.</param>
public sealed record ApprovalDecision(string By, DateTimeOffset At, bool IsApproval, string? Reason, string Via, string? LinkFrom = null, string? ById = null, string? LinkFromId = null)
{
    /// <summary>All who had a hand in it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IEnumerable<Person> People => LinkFrom is null ? [new(By, ById)] : [new(By, ById), new(LinkFrom, LinkFromId)];

    /// <summary>A decision that may have been stored as JSON on its way to the run; null when it is none.</summary>
    internal static ApprovalDecision? From(object? input) => input switch
    {
        ApprovalDecision decision => decision,
        JsonElement { ValueKind: JsonValueKind.Object } json => (ApprovalDecision?)ValueConversion.Convert(json, typeof(ApprovalDecision)),
        _ => null,
    };

    internal Dictionary<string, object?> ToMap() => new()
    {
        ["by"] = By,
        ["at"] = At,
        ["decision"] = IsApproval ? "approve" : "reject",
        ["reason"] = Reason,
        ["via"] = Via,
        ["linkFrom"] = LinkFrom,
        ["byId"] = ById,
        ["linkFromId"] = LinkFromId,
    };

    internal static ApprovalDecision FromMap(IReadOnlyDictionary<string, object?> map) => new(
        (string)map["by"]!,
        (DateTimeOffset)ValueConversion.Convert(map["at"], typeof(DateTimeOffset))!,
        (string)map["decision"]! == "approve",
        (string?)map["reason"],
        (string)map["via"]!,
        (string?)map["linkFrom"],
        (string?)map.GetValueOrDefault("byId"),
        (string?)map.GetValueOrDefault("linkFromId"));
}

/// <summary>Makes links by which a person decides without signing in.</summary>
public interface IApprovalLinks
{
    /// <summary>A link that works once, for one person and one approval.</summary>
    /// <param name="approvalId">The approval.</param>
    /// <param name="person">Who is to decide by it.</param>
    /// <param name="expiresAt">When it ends, UTC; the host's own limit when null or later.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<Sensitive<string>> CreateAsync(string approvalId, Person person, DateTimeOffset? expiresAt, CancellationToken cancellationToken);
}

/// <summary>The people whom the host knows.</summary>
public interface IPeople
{
    /// <summary>The id of who has a name now; null when nobody has it.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<string?> FindIdAsync(string name, CancellationToken cancellationToken);
}
