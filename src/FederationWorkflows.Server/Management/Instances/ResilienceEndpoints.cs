using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Retries;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>How activities are tried again, and how they were (Elsa contract: resilience).</summary>
internal static class ResilienceEndpoints
{
    public static void MapResilience(this IEndpointRouteBuilder api)
    {
        api.MapGet("/resilience/strategies", ListStrategies).Answers<Counted<ResilienceStrategy>>().Requires(Permissions.StoriesRead);
        api.MapGet("/resilience/retries/{executionId}", ListRetriesAsync).Answers<Paged<RetryAttempt>>().Requires(Permissions.RunsRead);
    }

    private static IResult ListStrategies() => Results.Json(
        new { Items = RetryStrategy.All.Select(strategy => new { strategy.Id, strategy.DisplayName }), RetryStrategy.All.Count }, ManagementApi.Json);

    /// <summary>Attempts of an execution that failed and were followed by another, as the journal has them.</summary>
    private static async Task<IResult> ListRetriesAsync(string executionId, int? skip, int? take, IRunStore runs, CancellationToken cancellationToken)
    {
        var runId = ExecutionEndpoints.RunOf(executionId);
        var journal = await runs.GetJournalAsync(runId, new JournalQuery { EventNames = [nameof(JournalEvent.Retrying)] }, cancellationToken);
        var attempts = journal.Items.Where(record => record.ActivityInstanceId == executionId && Number(record) is not null).ToArray();
        var page = attempts.Skip(Math.Max(0, skip ?? 0)).Take(Math.Clamp(take ?? 100, 1, 1000)).Select(record => new
        {
            record.Id,
            record.ActivityInstanceId,
            record.ActivityId,
            WorkflowInstanceId = runId,
            AttemptNumber = Number(record),
            RetryDelay = Next(record) - record.Timestamp,
            Details = new Dictionary<string, string?>
            {
                ["Error"] = record.Message,
                ["Failed at"] = record.Timestamp.ToString("u", CultureInfo.InvariantCulture),
                ["Next attempt at"] = Next(record).ToString("u", CultureInfo.InvariantCulture),
            },
        });
        return Results.Json(new { Items = page, TotalCount = attempts.Length }, ManagementApi.Json);
    }

    private static int? Number(JournalRecord record) =>
        record.Payload?.GetValueOrDefault("RetryCount") is { ValueKind: JsonValueKind.Number } count ? count.GetInt32() : null;

    /// <summary>When the attempt after it was due; it came at once when somebody asked for it.</summary>
    private static DateTimeOffset Next(JournalRecord record) =>
        record.Payload?.GetValueOrDefault("NextAttemptAt") is { ValueKind: JsonValueKind.String } at ? at.GetDateTimeOffset() : record.Timestamp;
}
