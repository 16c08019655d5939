using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Pages.Runs;

/// <summary>The steps of a run on one axis of time, a thousand units wide.</summary>
public sealed class RunTimeline
{
    private const int MaxSteps = 500;

    private const double Axis = 1000;

    private const double Thinnest = 4;

    private static readonly string[] Containers = ["Elsa.Workflow", "Elsa.Flowchart", "Elsa.Sequence"];

    /// <summary>Lays out what a run did until now.</summary>
    public RunTimeline(RunSummary run, IReadOnlyList<ActivityExecutionRecord> executions, DateTimeOffset now)
    {
        var began = run.Identity.CreatedAt;
        var ended = run.FinishedAt ?? now;
        var length = Math.Max(1, (ended - began).Ticks);
        var steps = executions.Where(execution => execution.StartedAt is not null && !Containers.Contains(execution.ActivityType)).ToArray();
        Steps = [.. steps.Take(MaxSteps).Select(execution =>
        {
            var offset = execution.StartedAt!.Value - began;
            var took = execution.CompletedAt - execution.StartedAt;
            var left = Math.Clamp(offset.Ticks / (double)length * Axis, 0, Axis - Thinnest);
            var width = Math.Clamp((took ?? (ended - execution.StartedAt.Value)).Ticks / (double)length * Axis, Thinnest, Axis - left);
            return new TimelineStep(execution, offset, took, Number(left), Number(width));
        })];
        LeftOut = steps.Length - Steps.Count;
    }

    /// <summary>The first steps, in the order in which they began.</summary>
    public IReadOnlyList<TimelineStep> Steps { get; }

    /// <summary>How many there are beyond those.</summary>
    public int LeftOut { get; }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>A step of a run.</summary>
/// <param name="Record">What it was.</param>
/// <param name="Offset">How long after the run's beginning it began.</param>
/// <param name="Took">How long it took; null while it goes on.</param>
/// <param name="Left">Where its bar begins, 0 to 1000.</param>
/// <param name="Width">How wide the bar is.</param>
public sealed record TimelineStep(ActivityExecutionRecord Record, TimeSpan Offset, TimeSpan? Took, string Left, string Width)
{
    /// <summary>The name its author gave it, or its id.</summary>
    public string Name => Record.ActivityName ?? Record.ActivityId;

    /// <summary>
    /// The cloud identity it acted as, or was given: the role session of its credentials, the role or service account it asked for, the principal
    /// of the token it got. Null for a step that met no cloud.
    /// </summary>
    public string? ActedAs =>
        !Record.ActivityType.StartsWith("Google.", StringComparison.Ordinal) && !Record.ActivityType.StartsWith("Aws.", StringComparison.Ordinal)
            ? null
            : Text(Record.Payload.GetValueOrDefault("ActedAs"))
              ?? Text(Record.Outputs.GetValueOrDefault("AssumedRoleArn"))
              ?? Text(Record.ActivityState.GetValueOrDefault("RoleArn"))
              ?? Text(Record.ActivityState.GetValueOrDefault("ServiceAccount"))
              ?? Text(Record.Outputs.GetValueOrDefault("Principal"));

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
