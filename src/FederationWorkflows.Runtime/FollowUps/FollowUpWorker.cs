using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Events;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.FollowUps;

/// <summary>Does one piece of follow-up work, and takes it out of the store.</summary>
internal sealed partial class FollowUpWorker(IFollowUpStore store, WorkflowRuntime runtime, DefinitionCatalog definitions, EventPublisher events, ILogger<FollowUpWorker> logger)
{
    /// <returns>False when it is to be tried again later.</returns>
    public async Task<bool> DoAsync(FollowUp followUp, FollowUpWork work, CancellationToken cancellationToken)
    {
        var done = work switch
        {
            StartStory start => await StartAsync(followUp, start, cancellationToken),
            ReportToParent report => await ReportAsync(report, followUp.Id, cancellationToken),
            ResumeRun resume => await ResumeAsync(resume, followUp, cancellationToken),
            PublishEventWork published => await events.PublishAsync(published, followUp.Id, followUp.CreatedAt, cancellationToken) == 0,
            _ => throw new InvalidOperationException($"Nobody does follow-up work of kind '{work.Kind}'."),
        };
        if (done)
        {
            await store.RemoveFollowUpsAsync([followUp.Id], cancellationToken);
        }

        return done;
    }

    private async Task<bool> StartAsync(FollowUp followUp, StartStory start, CancellationToken cancellationToken)
    {
        string reason;
        try
        {
            var story = start.Revision is { } revision
                ? await definitions.FindRevisionAsync(start.DefinitionId, revision, cancellationToken)
                : await definitions.FindPublishedAsync(start.DefinitionId, cancellationToken);
            if (story is not null)
            {
                await runtime.StartAsync(
                    story,
                    new StartRequest(start.DefinitionId) { RunId = start.RunId, Input = start.Input, CorrelationId = start.CorrelationId },
                    start.StartedBy,
                    new RunOrigin { Hands = start.Hands, Parent = start.Parent, FollowUpId = followUp.Id, TraceParent = start.TraceParent, WaitsForRoom = true },
                    cancellationToken);
                return true;
            }

            reason = $"There is no published story '{start.DefinitionId}'. Publish it first, or check the id.";
        }
        catch (RunExistsException)
        {
            return true;
        }
        catch (Exception e) when (e is ValueConversionException or DefinitionException)
        {
            reason = e.Message;
        }

        LogNotStarted(start.DefinitionId, start.Parent.RunId, reason);
        return start.Parent.BookmarkId is null || await ReportAsync(
            new ReportToParent { Parent = start.Parent, RunId = start.RunId, SubStatus = WorkflowSubStatus.Faulted, Error = reason },
            followUp.Id,
            cancellationToken);
    }

    /// <summary>A parent that does not wait any more need not be told.</summary>
    private async Task<bool> ReportAsync(ReportToParent report, string followUpId, CancellationToken cancellationToken) =>
        await TellAsync(report.Parent.RunId, report.Parent.BookmarkId!, report, followUpId, cancellationToken) is CommandOutcome.Done or CommandOutcome.Nothing;

    /// <summary>The run may have gone on without, by a time limit for instance: then there is nobody to be told, and somebody should know. Not so when it had been told, and this was done with that.</summary>
    private async Task<bool> ResumeAsync(ResumeRun resume, FollowUp followUp, CancellationToken cancellationToken)
    {
        var outcome = await TellAsync(resume.RunId, resume.BookmarkId, resume.Input, followUp.Id, cancellationToken);
        if (outcome == CommandOutcome.Nothing && await store.FindFollowUpAsync(followUp.Id, cancellationToken) is not null)
        {
            LogNotAwaited(resume.RunId, followUp.CreatedAt);
        }

        return outcome is CommandOutcome.Done or CommandOutcome.Nothing;
    }

    private async Task<CommandOutcome> TellAsync(string runId, string bookmarkId, object? input, string followUpId, CancellationToken cancellationToken)
    {
        var outcome = await runtime.TellAsync(runId, bookmarkId, input, followUpId, cancellationToken);
        if (outcome == CommandOutcome.Elsewhere)
        {
            await runtime.AskOwnerAsync(runId, followUpId);
        }

        return outcome;
    }

    [LoggerMessage(LogLevel.Warning, "Run {RunId} did not wait any more for what it was told at {ToldAt}; that is dropped")]
    private partial void LogNotAwaited(string runId, DateTimeOffset toldAt);

    [LoggerMessage(LogLevel.Error, "Story {DefinitionId}, asked for by run {ParentRunId}, was not started: {Reason}")]
    private partial void LogNotStarted(string definitionId, string parentRunId, string reason);
}
