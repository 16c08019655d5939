using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Pages.Audit;

/// <summary>Who did what.</summary>
internal static class AuditPages
{
    private const int PageSize = 50;

    public static void MapAuditPages(this IEndpointRouteBuilder pages) => pages.MapGet("/audit", ShowAsync).Requires(Permissions.AuditRead);

    private static async Task<IResult> ShowAsync([AsParameters] AuditFilter filter, HttpContext context, IAuditStore audit)
    {
        var query = filter.ToQuery(PageSize);
        var entries = query is null ? [] : await audit.ListAsync(query, context.RequestAborted);
        return PageResult.Of<AuditPage>(
            context,
            new { Caller = context.User, Filter = filter, query?.From, query?.To, Entries = entries, Older = entries.Count == PageSize ? entries[^1].Number : (long?)null, Problem = query is null ? AuditFilter.NoTime : null },
            query is null ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);
    }
}
