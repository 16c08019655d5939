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
        var entries = await audit.ListAsync(filter.ToQuery(PageSize), context.RequestAborted);
        return PageResult.Of<AuditPage>(context, new { Caller = context.User, Filter = filter, Entries = entries, Older = entries.Count == PageSize ? entries[^1].Number : (long?)null });
    }
}
