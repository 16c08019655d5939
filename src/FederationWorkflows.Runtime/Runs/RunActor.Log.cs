using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Runs;

/// <content>What it logs.</content>
internal sealed partial class RunActor
{
    [LoggerMessage(LogLevel.Warning, "Run {RunId}: activity {ActivityId} ({ActivityType}) failed: {Reason}")]
    private partial void LogIncident(string runId, string activityId, string activityType, string reason);

    [LoggerMessage(LogLevel.Error, "Run {RunId} is let go of; it goes on from its last commit when it is taken up again")]
    private partial void LogLost(Exception exception, string runId);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: the effect {Effect} was not carried out by {Handler}; the run goes on")]
    private partial void LogEffectFailed(Exception exception, string runId, string effect, string handler);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: {Observer} failed to take note of a commit; the run goes on")]
    private partial void LogObserverFailed(Exception exception, string runId, string observer);

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: its lease could not be renewed; the next attempt follows")]
    private partial void LogNotRenewed(Exception exception, string runId);

    [LoggerMessage(LogLevel.Warning, "Run {RunId}: its lease could not be given back; it is taken up again here")]
    private partial void LogNotReleased(Exception exception, string runId);

    [LoggerMessage(LogLevel.Error, "Run {RunId}: an activity in flight did not take its cancellation")]
    private partial void LogNotCancelled(Exception exception, string runId);
}
