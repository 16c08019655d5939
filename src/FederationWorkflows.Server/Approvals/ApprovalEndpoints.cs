using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Approvals;

/// <summary>Approvals for programs.</summary>
internal static class ApprovalEndpoints
{
    public static void MapApprovals(this IEndpointRouteBuilder api)
    {
        api.MapGet("/approvals", ListAsync).Answers<Listed<ApprovalFacts>>().Requires(Permissions.TasksDecide);
        api.MapPost("/approvals/{id}/decide", DecideAsync).Answers<Decided>().Requires(Permissions.TasksDecide).WritesAudit("approval.decide");
        api.MapPost("/approvals/{id}/links", LinkAsync).Answers<LinkMade>().Requires(Permissions.TasksDecide).WritesAudit("approval.link");
    }

    private static async Task<IResult> ListAsync(HttpContext context, ApprovalInbox inbox, CancellationToken cancellationToken) => Results.Json(
        new
        {
            Items = (await inbox.ListAsync(cancellationToken)).Select(open =>
            {
                var problem = inbox.ProblemOf(open, context.User);
                return new
                {
                    open.Request.Id,
                    open.Request.Title,
                    open.Request.Details,
                    Approvers = open.Request.Approvers.Select(approver => approver.Name),
                    ApproverRoles = open.Request.Roles,
                    open.Request.RequiredApprovals,
                    open.Request.NotTheStarter,
                    StartedBy = open.Request.StartedBy?.Name,
                    open.Request.ExpiresAt,
                    Decisions = open.Request.Decisions.Select(made => new { made.By, made.At, Decision = made.IsApproval ? "approve" : "reject", made.Reason, made.Via, made.LinkFrom }),
                    WorkflowInstanceId = open.RunId,
                    open.ActivityId,
                    open.AskedAt,
                    MayDecide = problem is null,
                    WhyNot = problem,
                };
            }),
        },
        ManagementApi.Json);

    private static async Task<IResult> DecideAsync(string id, DecisionRequest request, HttpContext context, ApprovalInbox inbox)
    {
        if (request.Decision is not ("approve" or "reject"))
        {
            return ManagementApi.Wrong("The \"decision\" must be \"approve\" or \"reject\".");
        }

        if (request.Reason?.Length > ApprovalInbox.MaxReasonLength)
        {
            return ManagementApi.Wrong($"The reason has more than {ApprovalInbox.MaxReasonLength} characters.");
        }

        var outcome = await inbox.DecideAsync(id, request.Decision == "approve", request.Reason, context);
        return outcome.Problem is null ? Results.Json(new { Id = id, request.Decision }, ManagementApi.Json) : Results.Problem(outcome.Problem, statusCode: outcome.Status);
    }

    /// <summary>
    /// Who makes a link could use it himself, so a decision by it counts as his, too: he decides nothing else about it, and of several links he made
    /// one counts.
    /// </summary>
    private static async Task<IResult> LinkAsync(string id, LinkRequest request, HttpContext context, ApprovalInbox inbox, ApprovalLinks links, AuditLog audit, TimeProvider timeProvider)
    {
        if (await inbox.FindAsync(id, context.RequestAborted) is not { } open)
        {
            return Results.Problem(DecisionOutcome.Gone.Problem, statusCode: DecisionOutcome.Gone.Status);
        }

        if (open.Request.Approvers.FirstOrDefault(approver => string.Equals(approver.Name, request.Person?.Trim(), StringComparison.OrdinalIgnoreCase)) is not { } person)
        {
            return ManagementApi.Wrong("Links are for people whom the story names among its approvers. Give one of them as \"person\".");
        }

        if (request.ExpiresIn <= TimeSpan.Zero || request.ExpiresIn > ApprovalLinks.Longest)
        {
            return ManagementApi.Wrong($"A link works for more than zero time and at most {ApprovalLinks.Longest.Days} days, for example \"expiresIn\": \"04:00:00\".");
        }

        var expiresAt = timeProvider.GetUtcNow() + (request.ExpiresIn ?? ApprovalLinks.Default);
        expiresAt = open.Request.ExpiresAt < expiresAt ? open.Request.ExpiresAt.Value : expiresAt;
        await audit.WriteAsync(context, "approval.link", id, after: new { Person = person.Name, ExpiresAt = expiresAt });
        var link = await links.CreateAsync(id, person, new Person(context.User.Identity?.Name ?? "anonymous", context.User.UserId()), expiresAt, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new { Link = link.Reveal(), Person = person.Name, ExpiresAt = expiresAt }, ManagementApi.Json);
    }

    private sealed record DecisionRequest(string? Decision, string? Reason);

    private sealed record LinkRequest(string? Person, TimeSpan? ExpiresIn);
}
