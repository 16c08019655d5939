using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Management.Instances;

/// <summary>Which runs are meant, as Elsa's list and bulk operations say it (Elsa contract: list workflow instances).</summary>
internal sealed record RunFilter
{
    public int? Page { get; init; }

    public int? PageSize { get; init; }

    public string? SearchTerm { get; init; }

    public string? DefinitionId { get; init; }

    public IReadOnlyList<string>? DefinitionIds { get; init; }

    public string? CorrelationId { get; init; }

    public int? Version { get; init; }

    public bool? HasIncidents { get; init; }

    public string? Status { get; init; }

    public IReadOnlyList<string>? Statuses { get; init; }

    public string? SubStatus { get; init; }

    public IReadOnlyList<string>? SubStatuses { get; init; }

    public string? OrderBy { get; init; }

    public string? OrderDirection { get; init; }

    public IReadOnlyList<TimestampFilter>? TimestampFilters { get; init; }

    /// <summary>The query for the store; null with a problem when it cannot be asked.</summary>
    public RunQuery? ToQuery(out string? problem)
    {
        var statuses = new HashSet<WorkflowStatus>();
        var subStatuses = new HashSet<WorkflowSubStatus>();
        var times = new List<RunTimeFilter>();
        problem = Read(Status, Statuses, statuses) ?? Read(SubStatus, SubStatuses, subStatuses);
        foreach (var filter in TimestampFilters ?? [])
        {
            problem ??= filter.Read(times);
        }

        return problem is not null ? null : new RunQuery
        {
            DefinitionIds = [.. DefinitionIds ?? [], .. string.IsNullOrEmpty(DefinitionId) ? Array.Empty<string>() : [DefinitionId]],
            Versions = Version is { } version ? [version] : [],
            Status = statuses.Count == 1 ? statuses.First() : null,
            SubStatuses = [.. subStatuses],
            CorrelationId = string.IsNullOrEmpty(CorrelationId) ? null : CorrelationId,
            SearchText = string.IsNullOrWhiteSpace(SearchTerm) ? null : SearchTerm.Trim(),
            HasIncidents = HasIncidents,
            Times = times,
            OrderBy = OrderBy is "UpdatedAt" or "LastExecutedAt" ? RunOrder.Updated : RunOrder.Created,
            Ascending = OrderDirection is "Ascending",
            Skip = Math.Max(0, Page ?? 0) * Math.Clamp(PageSize ?? 100, 1, 1000),
            Take = Math.Clamp(PageSize ?? 100, 1, 1000),
        };
    }

    private static string? Read<T>(string? one, IReadOnlyList<string>? several, HashSet<T> values)
        where T : struct, Enum
    {
        foreach (var text in (several ?? []).Append(one))
        {
            if (string.IsNullOrEmpty(text))
            {
                continue;
            }

            if (!Enum.TryParse<T>(text, ignoreCase: true, out var value) || !Enum.IsDefined(value))
            {
                return $"There is no status '{text}'. Use one of: {string.Join(", ", Enum.GetNames<T>())}.";
            }

            values.Add(value);
        }

        return null;
    }
}

/// <summary>A condition on a time of a run (Elsa contract: timestamp filter).</summary>
internal sealed record TimestampFilter(string? Column, string? Operator, DateTimeOffset? Timestamp)
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    /// <returns>What is wrong with it; null when nothing is.</returns>
    public string? Read(List<RunTimeFilter> times)
    {
        RunTime? column = Column switch
        {
            "CreatedAt" => RunTime.Created,
            "UpdatedAt" => RunTime.Updated,
            "FinishedAt" => RunTime.Finished,
            _ => null,
        };
        if (column is null || Timestamp is not { } at)
        {
            return "A filter of time needs a \"column\", one of CreatedAt, UpdatedAt, FinishedAt, and a \"timestamp\".";
        }

        at = at.ToUniversalTime();
        switch (Operator)
        {
            case "Is":
                times.Add(new RunTimeFilter(column.Value, at, at + TimeSpan.FromSeconds(1)));
                return null;
            case "LessThan":
                times.Add(new RunTimeFilter(column.Value, null, at));
                return null;
            case "LessThanOrEqual":
                times.Add(new RunTimeFilter(column.Value, null, at + Tick));
                return null;
            case "GreaterThan":
                times.Add(new RunTimeFilter(column.Value, at + Tick, null));
                return null;
            case "GreaterThanOrEqual":
                times.Add(new RunTimeFilter(column.Value, at, null));
                return null;
            default:
                return $"The operator '{Operator}' cannot be used for times. Use Is, LessThan, LessThanOrEqual, GreaterThan or GreaterThanOrEqual.";
        }
    }
}

/// <summary>A place in a list of runs, as callers carry it from page to page.</summary>
internal static class CursorText
{
    public static string Of(RunCursor cursor) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{cursor.At.UtcTicks}:{cursor.Id}")));

    public static bool TryParse(string text, [NotNullWhen(true)] out RunCursor? cursor)
    {
        cursor = null;
        if (text.Length > 1000 || !Base64Url.IsValid(text))
        {
            return false;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(':', 2);
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            return false;
        }

        cursor = new RunCursor(new DateTimeOffset(ticks, TimeSpan.Zero), parts[1]);
        return true;
    }
}
