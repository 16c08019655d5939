using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Spectre.Console;

namespace FederationWorkflows.Cli;

/// <summary>A step of a run as a person sees it.</summary>
internal sealed record Step(string Activity, string Type, ActivityStatus Status, double? DurationMs, string? Error, string? Transferred = null);

/// <summary>What a run waits for.</summary>
internal sealed record Wait(string Activity, string Type, string For);

/// <summary>Learns the steps of the first run as they are committed and how far their transfers are, and shows them.</summary>
internal sealed class StepRecorder : IRunObserver, ITransferObserver
{
    private static readonly HashSet<string> Containers = new(StringComparer.Ordinal) { "Elsa.Workflow", "Elsa.Flowchart", "Elsa.Sequence" };

    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    private readonly ConcurrentDictionary<string, ActivityExecutionRecord> executions = new();

    private readonly ConcurrentDictionary<string, Bookmark> bookmarks = new();

    /// <summary>How far the transfers of executions are, in words.</summary>
    private readonly ConcurrentDictionary<string, string> transfers = new();

    private string? run;

    private readonly Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly TaskCompletionSource<RunSummary> finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The run as it ended.</summary>
    public Task<RunSummary> Finished => finished.Task;

    /// <summary>The steps so far, in the order in which they began.</summary>
    public IReadOnlyList<Step> Steps =>
        [.. executions.Values.OrderBy(record => record.Sequence).Select(Of)];

    /// <summary>What the run waits for now.</summary>
    public IReadOnlyList<Wait> Waits =>
        [.. bookmarks.Values.OrderBy(bookmark => bookmark.CreatedAt).Select(bookmark => new Wait(
            bookmark.ActivityId,
            bookmark.Name,
            HttpEndpointStimulus.From(bookmark.Stimulus) is { } endpoint ? $"a {endpoint.Method.ToUpperInvariant()} request to /{endpoint.Path}" : "something outside"))];

    /// <summary>The outputs of the last execution of an activity type; null when it has not run.</summary>
    public IReadOnlyDictionary<string, System.Text.Json.JsonElement>? OutputsOf(string activityType) =>
        executions.Values.Where(record => record.ActivityType == activityType).OrderBy(record => record.Sequence).LastOrDefault()?.Outputs;

    public void OnCommitted(RunTransaction transaction)
    {
        var id = transaction.Summary.Identity.Id;
        if (Interlocked.CompareExchange(ref run, id, null) is { } first && first != id)
        {
            return;
        }

        foreach (var bookmark in transaction.NewBookmarks)
        {
            bookmarks[bookmark.Id] = bookmark;
        }

        foreach (var removed in transaction.RemovedBookmarks)
        {
            bookmarks.TryRemove(removed, out _);
        }

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

    public void OnMoved(string executionId, TransferProgress progress)
    {
        var text = progress.Total is { } total ? $"{Size(progress.Bytes)} of {Size(total)}" : Size(progress.Bytes);
        if (!transfers.TryGetValue(executionId, out var before) || before != text)
        {
            transfers[executionId] = text;
            changed.Writer.TryWrite(true);
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
        // Steps do not end in the order in which they began.
        var shown = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var _ in changed.Reader.ReadAllAsync(cancellationToken))
        {
            Show();
        }

        Show();

        void Show()
        {
            foreach (var record in executions.Values.Where(record => record.CompletedAt is not null && shown.Add(record.Id)).OrderBy(record => record.CompletedAt).ThenBy(record => record.Sequence))
            {
                var step = Of(record);
                console.WriteLine($"{Mark(step.Status)} {step.Activity,-18} {step.Type,-35} {Duration(step)}");
            }
        }
    }

    private Step Of(ActivityExecutionRecord record) => new(
        record.ActivityId,
        record.ActivityType,
        record.Status,
        record.CompletedAt is { } end && record.StartedAt is { } start ? Math.Round((end - start).TotalMilliseconds, 1) : null,
        record.Exception?.Message,
        transfers.GetValueOrDefault(record.Id));

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

    /// <summary>What it took, or how far it is.</summary>
    private static string Duration(Step step) => step.DurationMs is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms") : step.Transferred ?? "";

    private static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < Units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }

    private static string Mark(ActivityStatus status) => status switch
    {
        ActivityStatus.Completed => "✓",
        ActivityStatus.Faulted => "✗",
        ActivityStatus.Canceled => "–",
        _ => "…",
    };
}
