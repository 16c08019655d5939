using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Spectre.Console;

namespace FederationWorkflows.Cli;

/// <summary>A step of a run as a person sees it.</summary>
internal sealed record Step(string Activity, string Type, ActivityStatus Status, double? DurationMs, string? Error);

/// <summary>Learns the steps of runs as they are committed, and shows them.</summary>
internal sealed class StepRecorder : IRunObserver
{
    private static readonly HashSet<string> Containers = new(StringComparer.Ordinal) { "Elsa.Workflow", "Elsa.Flowchart", "Elsa.Sequence" };

    private readonly ConcurrentDictionary<string, ActivityExecutionRecord> executions = new();

    private readonly Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly TaskCompletionSource<RunSummary> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The run that ended first.</summary>
    public Task<RunSummary> Finished => finished.Task;

    /// <summary>The steps so far, in the order in which they began.</summary>
    public IReadOnlyList<Step> Steps =>
        [.. executions.Values.OrderBy(record => record.Sequence).Select(record => new Step(
            record.ActivityId,
            record.ActivityType,
            record.Status,
            record.CompletedAt is { } end && record.StartedAt is { } start ? Math.Round((end - start).TotalMilliseconds, 1) : null,
            record.Exception?.Message))];

    /// <summary>The outputs of the last execution of an activity type; null when it has not run.</summary>
    public IReadOnlyDictionary<string, System.Text.Json.JsonElement>? OutputsOf(string activityType) =>
        executions.Values.Where(record => record.ActivityType == activityType).OrderBy(record => record.Sequence).LastOrDefault()?.Outputs;

    public void OnCommitted(RunTransaction transaction)
    {
        foreach (var record in transaction.Executions.Where(record => !Containers.Contains(record.ActivityType)))
        {
            executions.AddOrUpdate(record.Id, record, (_, before) => record with { StartedAt = record.StartedAt ?? before.StartedAt, Sequence = before.Sequence });
        }

        changed.Writer.TryWrite(true);
        if (transaction.Summary.Status == WorkflowStatus.Finished)
        {
            finished.TrySetResult(transaction.Summary);
            Complete();
        }
    }

    /// <summary>No more steps come.</summary>
    public void Complete() => changed.Writer.TryComplete();

    /// <summary>Shows the steps as they complete: a table that fills in a terminal, lines elsewhere. Ends when no more come.</summary>
    public async Task ShowAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            await ShowLinesAsync(console, cancellationToken);
            return;
        }

        await console.Live(Table()).StartAsync(async live =>
        {
            await foreach (var _ in changed.Reader.ReadAllAsync(cancellationToken))
            {
                live.UpdateTarget(Table());
            }

            live.UpdateTarget(Table());
        });
    }

    private async Task ShowLinesAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        var shown = 0;
        await foreach (var _ in changed.Reader.ReadAllAsync(cancellationToken))
        {
            Show();
        }

        Show();

        void Show()
        {
            foreach (var step in Steps.Where(step => step.DurationMs is not null).Skip(shown))
            {
                shown++;
                console.WriteLine($"{Mark(step.Status)} {step.Activity,-18} {step.Type,-30} {Duration(step)}{(step.Error is null ? "" : "  " + step.Error)}");
            }
        }
    }

    private Table Table()
    {
        var table = new Table().RoundedBorder().AddColumn("").AddColumn("Step").AddColumn("Activity").AddColumn(new TableColumn("Time").RightAligned());
        foreach (var step in Steps)
        {
            var colour = step.Status switch
            {
                ActivityStatus.Completed => "green",
                ActivityStatus.Faulted => "red",
                ActivityStatus.Running => "blue",
                _ => "grey",
            };
            table.AddRow($"[{colour}]{Mark(step.Status)}[/]", Markup.Escape(step.Activity), Markup.Escape(step.Type), Markup.Escape(Duration(step)));
        }

        return table;
    }

    private static string Duration(Step step) => step.DurationMs is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms") : "";

    private static string Mark(ActivityStatus status) => status switch
    {
        ActivityStatus.Completed => "✓",
        ActivityStatus.Faulted => "✗",
        ActivityStatus.Canceled => "–",
        _ => "…",
    };
}
