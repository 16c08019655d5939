using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Audit;

/// <summary>Who did what, for who may read it.</summary>
internal static class AuditEndpoints
{
    public const int LargestPage = 1000;

    public static void MapAudit(this IEndpointRouteBuilder api) => api.MapGet("/audit", ListAsync).Requires(Permissions.AuditRead);

    /// <param name="filter">Which entries.</param>
    /// <param name="audit">The log.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    private static async Task<IResult> ListAsync([AsParameters] AuditFilter filter, IAuditStore audit, CancellationToken cancellationToken)
    {
        if (filter.Limit is < 1 or > LargestPage)
        {
            return ManagementApi.Wrong($"limit must be from 1 to {LargestPage}.");
        }

        var entries = await audit.ListAsync(filter.ToQuery(filter.Limit ?? 100), cancellationToken);
        return Results.Json(new { Items = entries, Next = entries.Count == (filter.Limit ?? 100) ? entries[^1].Number : (long?)null }, ManagementApi.Json);
    }
}

/// <summary>Which entries are asked for, in the query of an address.</summary>
/// <param name="Before">Those with a smaller number only: the <c>next</c> of the page before.</param>
/// <param name="Limit">How many at most, 1 to 1000; otherwise 100.</param>
/// <param name="Actor">By this actor only.</param>
/// <param name="Action">This action only; all of a kind when it ends with a dot.</param>
/// <param name="Subject">On this subject only.</param>
/// <param name="From">From this time on.</param>
/// <param name="To">Before this time.</param>
public sealed record AuditFilter(long? Before, int? Limit, string? Actor, string? Action, string? Subject, DateTimeOffset? From, DateTimeOffset? To)
{
    internal AuditQuery ToQuery(int limit) => new()
    {
        Before = Before,
        Limit = limit,
        Actor = Given(Actor),
        Action = Given(Action),
        Subject = Given(Subject),
        From = From?.ToUniversalTime(),
        To = To?.ToUniversalTime(),
    };

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
