using System.Diagnostics;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>Commits, and counts what came of it once it is on disk.</summary>
internal static class MeteredCommits
{
    public static ValueTask CommitMeteredAsync(this IRunStore store, RunTransaction transaction, CancellationToken cancellationToken) =>
        RuntimeMeter.CommitDuration.Enabled || RuntimeMeter.Started.Enabled || RuntimeMeter.Ended.Enabled || RuntimeMeter.Suspended.Enabled
            ? MeasureAsync(store, transaction, cancellationToken)
            : store.CommitAsync(transaction, cancellationToken);

    private static async ValueTask MeasureAsync(IRunStore store, RunTransaction transaction, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var outcome = "stored";
        try
        {
            await store.CommitAsync(transaction, cancellationToken);
        }
        catch (Exception e)
        {
            outcome = e switch
            {
                LeaseLostException => "lease_lost",
                RunExistsException or DuplicateRunException or ScheduleFiredException => "duplicate",
                StorageUnavailableException => "unavailable",
                OperationCanceledException => "cancelled",
                _ => "failed",
            };
            throw;
        }
        finally
        {
            RuntimeMeter.CommitDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>(RuntimeMeter.Outcome, outcome));
        }

        Count(transaction);
    }

    private static void Count(RunTransaction transaction)
    {
        var definition = new KeyValuePair<string, object?>(RuntimeMeter.Definition, RuntimeMeter.Definitions.Bound(transaction.Summary.Identity.DefinitionId));
        if (transaction.IsNew)
        {
            RuntimeMeter.Started.Add(1, definition);
        }

        // A run that has ended or waits already is committed again when a command to it came late and changed nothing.
        if (transaction.Journal.Count == 0)
        {
            return;
        }

        if (transaction.Summary.Status == WorkflowStatus.Finished)
        {
            RuntimeMeter.Ended.Add(1, definition, new(RuntimeMeter.Outcome, OutcomeOf(transaction.Summary.SubStatus)));
        }
        else if (transaction.Summary.SubStatus == WorkflowSubStatus.Suspended)
        {
            RuntimeMeter.Suspended.Add(1, definition);
        }
    }

    /// <summary>How a run stands, in the words of measures and spans.</summary>
    public static string OutcomeOf(WorkflowSubStatus status) => status switch
    {
        WorkflowSubStatus.Finished => "finished",
        WorkflowSubStatus.Faulted => "faulted",
        WorkflowSubStatus.Cancelled => "cancelled",
        WorkflowSubStatus.Suspended => "suspended",
        _ => "executing",
    };
}
