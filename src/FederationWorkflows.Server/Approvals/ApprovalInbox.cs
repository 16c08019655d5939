using System.Security.Claims;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Approvals;

/// <summary>
/// What runs ask people to approve. A decision is stored by the run that asked: each resumes the run at the bookmark that was seen, so that of
/// decisions made at the same time, on whatever node, each sees those before it.
/// </summary>
internal sealed class ApprovalInbox(IRunStore runs, WorkflowRuntime runtime, UserDirectory users, AuditLog audit, IAuditStore recorded, TimeProvider timeProvider)
{
    /// <summary>The longest reason, in characters.</summary>
    public const int MaxReasonLength = 2000;

    private const string Approve = "approval.approve";

    private const string Reject = "approval.reject";

    private const int MaxAttempts = 20;

    /// <summary>What waits for decisions, the oldest first.</summary>
    public async ValueTask<IReadOnlyList<OpenApproval>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await runs.FindBookmarksAsync(ApprovalStimulus.Kind, null, cancellationToken)).Select(Read).OrderBy(open => open.AskedAt)];

    /// <summary>An approval that waits for decisions; null when it does not any more.</summary>
    public async ValueTask<OpenApproval?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await runs.FindBookmarksAsync(ApprovalStimulus.Kind, Bookmark.HashOf(ApprovalStimulus.Kind, new ApprovalStimulus(id)), cancellationToken)) is [var stored, ..] ? Read(stored) : null;

    /// <summary>What keeps somebody who is signed in from deciding; null when he may.</summary>
    public string? ProblemOf(OpenApproval open, ClaimsPrincipal caller)
    {
        var request = open.Request;
        if (!caller.May(Permissions.TasksDecide) || caller.Identity?.Name is not { } name)
        {
            return $"Deciding needs the permission {Permissions.TasksDecide}.";
        }

        var isNamed = (request.Approvers.Count == 0 && request.Roles.Count == 0)
            || request.Approvers.Any(new Person(name, caller.UserId()).Is)
            || request.Roles.Any(role => caller.FindAll(ClaimTypes.Role).Any(own => string.Equals(own.Value, role, StringComparison.OrdinalIgnoreCase)));
        return isNamed ? TooLate(request) ?? request.Problem(DecisionOf(caller, name, isApproval: true, reason: null)) : $"The story does not name {name} among those who may decide.";
    }

    /// <summary>The decision that the caller made about an approval last, as it is recorded; null when there is none.</summary>
    public async ValueTask<OwnDecision?> FindOwnAsync(string id, HttpContext context)
    {
        var query = new AuditQuery { Subject = id, Actor = context.User.Identity?.Name ?? "", Action = "approval.", Limit = 1 };
        return await recorded.ListAsync(query, context.RequestAborted) is [{ Action: Approve or Reject, After: { } facts } made]
            ? new OwnDecision(id, facts.GetProperty("title").GetString()!, facts.GetProperty("runId").GetString()!, made.Action == Approve)
            : null;
    }

    /// <summary>Takes the decision of somebody who is signed in.</summary>
    public Task<DecisionOutcome> DecideAsync(string id, bool isApproval, string? reason, HttpContext context) => DecideAsync(
        id,
        DecisionOf(context.User, context.User.Identity?.Name ?? "", isApproval, reason),
        open => ValueTask.FromResult(ProblemOf(open, context.User)),
        context.User,
        context);

    /// <summary>Takes the decision of the person a link was made for.</summary>
    public Task<DecisionOutcome> DecideAsync(ApprovalLink link, bool isApproval, string? reason, HttpContext context)
    {
        var person = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, link.Person.Name)], "link"));
        return DecideAsync(link.ApprovalId, link.Decide(timeProvider.GetUtcNow(), isApproval, Trimmed(reason)), open => ProblemOfAsync(open, link, context.RequestAborted), person, context);
    }

    /// <summary>What keeps the person of a link from deciding; null when he may.</summary>
    public async ValueTask<string?> ProblemOfAsync(OpenApproval open, ApprovalLink link, CancellationToken cancellationToken) =>
        link.Person.Id is { } id && await users.CurrentAsync(id, cancellationToken) is null or { IsDisabled: true }
            ? $"{link.Person.Name} may not sign in here any more, and so decides nothing."
            : TooLate(open.Request) ?? open.Request.Problem(link.Decide(timeProvider.GetUtcNow(), isApproval: true, reason: null));

    private async Task<DecisionOutcome> DecideAsync(string id, ApprovalDecision decision, Func<OpenApproval, ValueTask<string?>> problemOf, ClaimsPrincipal person, HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress?.ToString();
        var isAudited = false;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await FindAsync(id, context.RequestAborted) is not { } open)
            {
                return isAudited ? await RefuseAsync("It was decided in the meantime.", 404) : DecisionOutcome.Gone;
            }

            if (await problemOf(open) is { } problem)
            {
                return await RefuseAsync(problem, 403);
            }

            if (!isAudited)
            {
                await audit.WriteAsync(person, address, decision.IsApproval ? Approve : Reject, id, before: null, after: new { open.Request.Title, open.RunId, decision.Reason, decision.LinkFrom }, succeeded: true);
                isAudited = true;
            }

            try
            {
                if (await runtime.ResumeAsync(open.RunId, open.BookmarkId, decision, person, context.RequestAborted))
                {
                    return DecisionOutcome.Done;
                }
            }
            catch (RunElsewhereException)
            {
                return await RefuseAsync("Somebody else's decision is stored, and the run has not taken it yet because another activity of it is at work. Look again later.", 409);
            }
        }

        return await RefuseAsync("Others decide at the same time. Look again.", 409);

        async Task<DecisionOutcome> RefuseAsync(string why, int status)
        {
            await audit.WriteAsync(person, address, "approval.refused", id, before: null, after: new { Why = why, decision.Reason, decision.LinkFrom }, succeeded: false);
            return new DecisionOutcome(status, why);
        }
    }

    private ApprovalDecision DecisionOf(ClaimsPrincipal caller, string name, bool isApproval, string? reason) =>
        new(name, timeProvider.GetUtcNow(), isApproval, Trimmed(reason), caller.Identity?.AuthenticationType ?? "none", ById: caller.UserId());

    private string? TooLate(ApprovalRequest request) => request.ExpiresAt <= timeProvider.GetUtcNow() ? "The time to decide is over." : null;

    private static string? Trimmed(string? reason) => string.IsNullOrWhiteSpace(reason) ? null : reason.Trim();

    private static OpenApproval Read(StoredBookmark stored)
    {
        var request = (ApprovalRequest)ValueConversion.Convert(JsonValues.Parse(stored.Bookmark.Metadata![ApprovalStimulus.RequestKey]), typeof(ApprovalRequest))!;
        return new OpenApproval(request, stored.RunId, stored.Bookmark.Id, stored.Bookmark.ActivityId, stored.Bookmark.CreatedAt);
    }
}

/// <summary>An approval that waits for decisions.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="RunId">The run that asks.</param>
/// <param name="BookmarkId">Where it waits: another place after each decision.</param>
/// <param name="ActivityId">The activity that asks.</param>
/// <param name="AskedAt">Since when it waits for the next decision, UTC.</param>
public sealed record OpenApproval(ApprovalRequest Request, string RunId, string BookmarkId, string ActivityId, DateTimeOffset AskedAt);

/// <summary>What somebody decided, to tell him.</summary>
/// <param name="Id">The approval.</param>
/// <param name="Title">What it was about.</param>
/// <param name="RunId">The run that asked.</param>
/// <param name="IsApproval">Approved; otherwise rejected.</param>
public sealed record OwnDecision(string Id, string Title, string RunId, bool IsApproval);

/// <summary>What became of a decision.</summary>
/// <param name="Status">200 when it counts, otherwise the status to answer with.</param>
/// <param name="Problem">Why it does not count.</param>
internal sealed record DecisionOutcome(int Status, string? Problem)
{
    public static DecisionOutcome Done { get; } = new(200, null);

    public static DecisionOutcome Gone { get; } = new(404, "Nobody waits for this decision: it was decided, its time is over, or its run has ended.");
}
