using System.Security.Claims;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Approvals;
using FederationWorkflows.Server.Audit;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Pages.Approvals;

/// <summary>The inbox, and the page a link leads to. Opening either decides nothing: programs that look into mails open links, too.</summary>
internal static class ApprovalPages
{
    private const string NoLink = "This link was used, its time is over, or the decision was made without it.";

    private static readonly ClaimsPrincipal Nobody = new(new ClaimsIdentity());

    public static void MapApprovalPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/approvals", ListAsync).Requires(Permissions.TasksDecide);
        pages.MapPost("/approvals/{id}", DecideAsync).Requires(Permissions.TasksDecide).WritesAudit("approval.decide");
        pages.MapGet("/approvals/link/{token}", ShowLinkAsync).OpenToEverybody();
        pages.MapPost("/approvals/link/{token}", UseLinkAsync).OpenToEverybody().WritesAudit("approval.decide");
    }

    /// <param name="decided">The approval that was decided just now, to be confirmed.</param>
    /// <param name="context">The request.</param>
    /// <param name="inbox">What waits.</param>
    private static async Task<IResult> ListAsync(string? decided, HttpContext context, ApprovalInbox inbox) =>
        await PageAsync(context, inbox, null, StatusCodes.Status200OK, decided is null ? null : await inbox.FindOwnAsync(decided, context));

    private static async Task<IResult> DecideAsync(string id, [FromForm] string? decision, [FromForm] string? reason, HttpContext context, ApprovalInbox inbox)
    {
        if (WrongWith(decision, reason) is { } wrong)
        {
            return await PageAsync(context, inbox, wrong, StatusCodes.Status400BadRequest);
        }

        var outcome = await inbox.DecideAsync(id, decision == "approve", reason, context);
        return outcome.Problem is null ? PageResult.SeeOther(context, $"approvals?decided={Uri.EscapeDataString(id)}") : await PageAsync(context, inbox, outcome.Problem, outcome.Status);
    }

    private static async Task<IResult> ShowLinkAsync(string token, HttpContext context, ApprovalInbox inbox, ApprovalLinks links) =>
        await links.FindAsync(token, context.RequestAborted) is { } link && await inbox.FindAsync(link.ApprovalId, context.RequestAborted) is { } open
            ? LinkPage(context, open, link, null, await inbox.ProblemOfAsync(open, link, context.RequestAborted), StatusCodes.Status200OK)
            : Gone(context);

    private static async Task<IResult> UseLinkAsync(string token, [FromForm] string? decision, [FromForm] string? reason, HttpContext context, ApprovalInbox inbox, ApprovalLinks links)
    {
        if (await links.FindAsync(token, context.RequestAborted) is not { } link || await inbox.FindAsync(link.ApprovalId, context.RequestAborted) is not { } open)
        {
            return Gone(context);
        }

        if (WrongWith(decision, reason) is { } wrong)
        {
            return LinkPage(context, open, link, wrong, await inbox.ProblemOfAsync(open, link, context.RequestAborted), StatusCodes.Status400BadRequest);
        }

        var outcome = await inbox.DecideAsync(link, decision == "approve", reason, context);
        if (outcome.Problem is { } problem)
        {
            return LinkPage(context, open, link, null, problem, outcome.Status);
        }

        await links.UseAsync(token);
        return PageResult.Of<ProblemPage>(context, new { Caller = Nobody, Heading = "Thank you", Detail = $"{open.Request.Title}: {(decision == "approve" ? "approved" : "rejected")} by {link.Person.Name}." });
    }

    private static string? WrongWith(string? decision, string? reason) =>
        decision is not ("approve" or "reject") ? "Choose whether to approve or to reject."
        : reason?.Length > ApprovalInbox.MaxReasonLength ? $"The reason has more than {ApprovalInbox.MaxReasonLength} characters."
        : null;

    private static IResult LinkPage(HttpContext context, OpenApproval open, ApprovalLink link, string? wrong, string? whyNot, int status) =>
        PageResult.Of<ApprovalLinkPage>(context, new { Caller = Nobody, Open = open, Person = link.Person.Name, link.ExpiresAt, Problem = wrong, WhyNot = whyNot }, status);

    private static IResult Gone(HttpContext context) =>
        PageResult.Of<ProblemPage>(context, new { Caller = Nobody, Heading = "Nothing to decide", Detail = NoLink }, StatusCodes.Status404NotFound);

    private static async Task<IResult> PageAsync(HttpContext context, ApprovalInbox inbox, string? problem, int status, OwnDecision? made = null)
    {
        var rows = (await inbox.ListAsync(context.RequestAborted)).Select(open => new ApprovalRow(open, inbox.ProblemOf(open, context.User))).OrderBy(row => row.Problem is not null);
        return PageResult.Of<ApprovalsPage>(context, new { Caller = context.User, Rows = (IReadOnlyList<ApprovalRow>)[.. rows], Problem = problem, Made = made }, status);
    }
}
