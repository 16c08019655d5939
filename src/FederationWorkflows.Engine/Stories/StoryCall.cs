using System.Globalization;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Stories;

/// <summary>One activity's call of another story: what it calls is checked before anything is asked for.</summary>
internal sealed class StoryCall
{
    public const string Published = "Published";

    private readonly ActivityExecutionContext context;

    private readonly ExecutableWorkflow story;

    private readonly TellParent tell;

    private StoryCall(ActivityExecutionContext context, ExecutableWorkflow story, TellParent tell)
    {
        this.context = context;
        this.story = story;
        this.tell = tell;
    }

    /// <summary>Where the caller waits for the runs it starts. A later attempt of the caller waits elsewhere, for runs of its own.</summary>
    public string BookmarkId => string.Create(CultureInfo.InvariantCulture, $"{context.Id}-children-{context.Attempt}");

    /// <summary>The story that is called.</summary>
    public WorkflowDefinition Definition => story.Definition;

    /// <summary>Finds the story.</summary>
    /// <exception cref="InvalidOperationException">There is no such story or version, the call would be a circle, or too many runs stand above this one.</exception>
    public static async ValueTask<StoryCall> PrepareAsync(ActivityExecutionContext context, string? definitionId, string? version, TellParent tell)
    {
        if (string.IsNullOrEmpty(definitionId))
        {
            throw new InvalidOperationException("The id of the story to call is empty.");
        }

        var run = context.Run;
        var limit = run.Environment.Limits.MaxStoryDepth;
        if ((run.Parent?.Depth ?? 0) >= limit)
        {
            throw new InvalidOperationException($"Stories may call each other {limit} levels deep, and this run is at level {run.Parent!.Depth}. Look for a story that starts itself without end.");
        }

        if (tell != TellParent.Never && Waiting(run).Contains(definitionId))
        {
            throw new InvalidOperationException($"The call is a circle that would wait for itself: {string.Join(" -> ", Waiting(run))} -> {definitionId}. Dispatch the story without waiting, or break the circle.");
        }

        version = string.IsNullOrEmpty(version) ? Published : version;
        var directory = context.GetService<IStoryDirectory>() ?? throw new InvalidOperationException("Stories cannot call each other here: this host has no catalog of stories.");
        var story = await directory.FindAsync(definitionId, version, context.CancellationToken)
            ?? throw new InvalidOperationException(version == Published
                ? $"There is no published story '{definitionId}'. Publish it first, or check the id."
                : $"There is no version '{version}' of a story '{definitionId}'. Use Published, Latest, a version's number or its id.");
        return new StoryCall(context, story, tell);
    }

    /// <summary>Asks for a run of the story.</summary>
    /// <returns>The id the run will have.</returns>
    /// <exception cref="ValueConversionException">A value does not fit an input of the story.</exception>
    public string Start(int index, IReadOnlyDictionary<string, object?> input, string? correlationId)
    {
        var run = context.Run;
        var values = new Dictionary<string, object?>(input) { ["ParentInstanceId"] = run.Id };
        _ = WorkflowInput.Convert(story.Definition, values);
        var id = RunIds.Of(context.Id, context.Attempt.ToString(CultureInfo.InvariantCulture), index.ToString(CultureInfo.InvariantCulture));
        context.AddFollowUp(new StartStory
        {
            RunId = id,
            DefinitionId = story.Definition.DefinitionId,
            Revision = story.Definition.Revision,
            Input = values,
            CorrelationId = string.IsNullOrEmpty(correlationId) ? null : correlationId,
            StartedBy = run.StartedBy,
            Hands = run.Hands,
            Parent = new RunParent(run.Id, tell, tell == TellParent.Never ? null : BookmarkId, index, (run.Parent?.Depth ?? 0) + 1, tell == TellParent.Never ? [] : Waiting(run)),
        });
        return id;
    }

    /// <summary>Waits until the runs that were started tell how they stand.</summary>
    public void Wait(ExecuteActivityDelegate callback, bool once) => context.CreateBookmark(new CreateBookmarkArgs
    {
        BookmarkId = BookmarkId,
        Stimulus = new ChildRunsStimulus(context.Id, context.Attempt),
        Callback = callback,
        AutoBurn = once,
    });

    /// <summary>What a run has come to, as the caller's result. A run that failed fails its caller.</summary>
    /// <exception cref="InvalidOperationException">The run faulted or was cancelled; the message names it.</exception>
    public static Dictionary<string, object?> ResultOf(ActivityExecutionContext context)
    {
        var report = context.ResumeInput as ReportToParent ?? throw new InvalidOperationException("The activity waits for a run that it started, and was resumed by something else.");
        return report.SubStatus switch
        {
            WorkflowSubStatus.Faulted => throw new InvalidOperationException($"The run '{report.RunId}' that was started here faulted. {report.Error}"),
            WorkflowSubStatus.Cancelled => throw new InvalidOperationException($"The run '{report.RunId}' that was started here was cancelled."),
            _ => Result(report.RunId, report.SubStatus, report.Output),
        };
    }

    /// <summary>Elsa's ExecuteWorkflowResult, as plain values so that secrets among the outputs stay secrets.</summary>
    public static Dictionary<string, object?> Result(string runId, WorkflowSubStatus subStatus, IReadOnlyDictionary<string, object?> output) => new()
    {
        ["workflowInstanceId"] = runId,
        ["status"] = (subStatus is WorkflowSubStatus.Finished ? WorkflowStatus.Finished : WorkflowStatus.Running).ToString(),
        ["subStatus"] = subStatus.ToString(),
        ["output"] = output,
    };

    /// <summary>An input of many values as values by name. If all of it is secret, each value is.</summary>
    public static Dictionary<string, object?> Values(object? input) => input switch
    {
        null => [],
        Sensitive secret => Values(secret.RevealObject()).ToDictionary(pair => pair.Key, pair => (object?)(pair.Value is null or Sensitive ? pair.Value : Sensitive.Of(pair.Value))),
        IEnumerable<KeyValuePair<string, object?>> map => map.ToDictionary(pair => pair.Key, pair => pair.Value is System.Text.Json.JsonElement value ? JsonValues.Unwrap(value) : pair.Value),
        System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Object } json => json.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Unwrap(property.Value)),
        _ => throw new InvalidOperationException("The input for a story is an object: { \"name\": value }."),
    };

    private static string[] Waiting(WorkflowRun run) => [.. run.Parent?.WaitingStories ?? [], run.Identity.DefinitionId];
}

/// <summary>What a caller waits for: runs that one attempt of it started.</summary>
internal sealed record ChildRunsStimulus(string ActivityInstanceId, int Attempt);
