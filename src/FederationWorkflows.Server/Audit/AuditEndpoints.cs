using System.Globalization;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Audit;

/// <summary>Who did what, for who may read it.</summary>
internal static class AuditEndpoints
{
    public const int LargestPage = 1000;

    public static void MapAudit(this IEndpointRouteBuilder api) => api.MapGet("/audit", ListAsync).Answers<AuditPage>().Requires(Permissions.AuditRead);

    /// <param name="filter">Which entries.</param>
    /// <param name="audit">The log.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    private static async Task<IResult> ListAsync([AsParameters] AuditFilter filter, IAuditStore audit, CancellationToken cancellationToken)
    {
        if (filter.Limit is < 1 or > LargestPage)
        {
            return ManagementApi.Wrong($"limit must be from 1 to {LargestPage}.");
        }

        if (filter.ToQuery(filter.Limit ?? 100) is not { } query)
        {
            return ManagementApi.Wrong(AuditFilter.NoTime);
        }

        var entries = await audit.ListAsync(query, cancellationToken);
        return Results.Json(new { Items = entries, Next = entries.Count == (filter.Limit ?? 100) ? entries[^1].Number : (long?)null }, ManagementApi.Json);
    }
}

/// <summary>Which entries are asked for, in the query of an address.</summary>
/// <param name="Before">Those with a smaller number only: the <c>next</c> of the page before.</param>
/// <param name="Limit">How many at most, 1 to 1000; otherwise 100.</param>
/// <param name="Actor">By this actor only, in any case.</param>
/// <param name="Action">This action only, in any case; all of a kind without what follows the dot: story, or story.</param>
/// <param name="Subject">On this subject only, in any case.</param>
/// <param name="From">From this time on; UTC unless it says otherwise.</param>
/// <param name="To">Before this time; UTC unless it says otherwise.</param>
public sealed record AuditFilter(long? Before, int? Limit, string? Actor, string? Action, string? Subject, string? From, string? To)
{
    internal const string NoTime = "From and to are times like 2026-11-30T08:00 (UTC) or 2026-11-30T08:00+01:00.";

    /// <summary>The query; null when a time is none.</summary>
    internal AuditQuery? ToQuery(int limit) => !TryRead(From, out var from) || !TryRead(To, out var to) ? null : new()
    {
        Before = Before,
        Limit = limit,
        Actor = Given(Actor),
        Action = ActionOf(Given(Action)),
        Subject = Given(Subject),
        From = from,
        To = to,
    };

    private static string? ActionOf(string? text) => text is null ? null : text.Contains('.', StringComparison.Ordinal) ? text.ToLowerInvariant() : text.ToLowerInvariant() + '.';

    /// <summary>A form sends a field that was left empty, too.</summary>
    private static bool TryRead(string? text, out DateTimeOffset? time)
    {
        time = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var read) ? read : null;
        return time is not null || string.IsNullOrWhiteSpace(text);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
