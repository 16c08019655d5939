using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Engine.Stories;

/// <summary>
/// Something a run asks of the world around it, stored in the run's own commit and done after it: neither lost nor done for a commit that did
/// not happen. Whoever does it may do it twice.
/// </summary>
public abstract record FollowUpWork
{
    /// <summary>The kind of work, by which it is read again.</summary>
    public abstract string Kind { get; }

    /// <summary>Work of a kind tells a run something, which needs no room for another one.</summary>
    public static bool TellsRun(string kind) => kind is ReportToParent.KindName or ResumeRun.KindName;

    /// <summary>As bytes for the store; what is sensitive is encrypted.</summary>
    public byte[] Encode(StateCodec codec) => codec.Encode(Write());

    /// <summary>From bytes of the store.</summary>
    /// <exception cref="InvalidOperationException">The kind is not known.</exception>
    public static FollowUpWork Decode(string kind, ReadOnlyMemory<byte> data, StateCodec codec)
    {
        var values = (IReadOnlyDictionary<string, object?>)codec.Decode(data)!;
        return kind switch
        {
            StartStory.KindName => StartStory.Read(values),
            ReportToParent.KindName => ReportToParent.Read(values),
            PublishEventWork.KindName => PublishEventWork.Read(values),
            ResumeRun.KindName => ResumeRun.Read(values),
            _ => throw new InvalidOperationException($"There is follow-up work of kind '{kind}', which this server does not know. Is it older than the one that asked for it?"),
        };
    }

    private protected abstract Dictionary<string, object?> Write();
}

/// <summary>Starts a run of another story. Doing it twice starts one run, since the run's id is part of it.</summary>
public sealed record StartStory : FollowUpWork
{
    internal const string KindName = "start-story";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The id of the run.</summary>
    public required string RunId { get; init; }

    /// <summary>The story.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The content of the version that is meant; null for the one that is published when it is done.</summary>
    public string? Revision { get; init; }

    /// <summary>Values of the story's inputs.</summary>
    public required IReadOnlyDictionary<string, object?> Input { get; init; }

    /// <summary>What ties the run to something outside.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>On whose behalf.</summary>
    public Person? StartedBy { get; init; }

    /// <summary>The people through whose hands it goes.</summary>
    public IReadOnlyList<string> Hands { get; init; } = Stories.Hands.None;

    /// <summary>Who asked for it.</summary>
    public required RunParent Parent { get; init; }

    /// <summary>The span of who asked for it (W3C Trace Context's traceparent); null when it was not traced.</summary>
    public string? TraceParent { get; init; }

    internal static StartStory Read(IReadOnlyDictionary<string, object?> values) => new()
    {
        RunId = (string)values["runId"]!,
        DefinitionId = (string)values["definitionId"]!,
        Revision = (string?)values["revision"],
        Input = (IReadOnlyDictionary<string, object?>)values["input"]!,
        CorrelationId = (string?)values["correlationId"],
        StartedBy = Person.Of((string?)values["startedBy"], (string?)values.GetValueOrDefault("startedById")),
        Hands = Stories.Hands.Read(values.GetValueOrDefault("hands")),
        Parent = ParentValues.Read((IReadOnlyDictionary<string, object?>)values["parent"]!),
        TraceParent = (string?)values.GetValueOrDefault("traceParent"),
    };

    private protected override Dictionary<string, object?> Write() => new()
    {
        ["runId"] = RunId,
        ["traceParent"] = TraceParent,
        ["definitionId"] = DefinitionId,
        ["revision"] = Revision,
        ["input"] = Input,
        ["correlationId"] = CorrelationId,
        ["startedBy"] = StartedBy?.Name,
        ["startedById"] = StartedBy?.Id,
        ["hands"] = Stories.Hands.Write(Hands),
        ["parent"] = ParentValues.Write(Parent),
    };
}

/// <summary>Tells a waiting run how a run that it started stands. Also what the waiting activity is resumed with.</summary>
public sealed record ReportToParent : FollowUpWork
{
    internal const string KindName = "report-to-parent";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>Whom to tell, and where it waits.</summary>
    public required RunParent Parent { get; init; }

    /// <summary>The run that tells.</summary>
    public required string RunId { get; init; }

    /// <summary>How it stands.</summary>
    public required WorkflowSubStatus SubStatus { get; init; }

    /// <summary>The values of its outputs.</summary>
    public IReadOnlyDictionary<string, object?> Output { get; init; } = new Dictionary<string, object?>();

    /// <summary>The outcomes it completed with.</summary>
    public Outcomes Outcomes { get; init; } = Outcomes.Default;

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Error { get; init; }

    internal static ReportToParent Read(IReadOnlyDictionary<string, object?> values) => new()
    {
        Parent = ParentValues.Read((IReadOnlyDictionary<string, object?>)values["parent"]!),
        RunId = (string)values["runId"]!,
        SubStatus = Enum.Parse<WorkflowSubStatus>((string)values["subStatus"]!),
        Output = (IReadOnlyDictionary<string, object?>)values["output"]!,
        Outcomes = (Outcomes)values["outcomes"]!,
        Error = (string?)values["error"],
    };

    private protected override Dictionary<string, object?> Write() => new()
    {
        ["parent"] = ParentValues.Write(Parent),
        ["runId"] = RunId,
        ["subStatus"] = SubStatus.ToString(),
        ["output"] = Output,
        ["outcomes"] = Outcomes,
        ["error"] = Error,
    };
}

/// <summary>Publishes an event: starts the stories and resumes the runs that wait for it.</summary>
public sealed record PublishEventWork : FollowUpWork
{
    internal const string KindName = "publish-event";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The event's name.</summary>
    public required string EventName { get; init; }

    /// <summary>Only runs of this correlation id hear of it, and those it starts have it; null for all.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Only this run hears of it; null for all.</summary>
    public string? OnlyRunId { get; init; }

    /// <summary>What the event brings.</summary>
    public object? Payload { get; init; }

    /// <summary>On whose behalf runs are started.</summary>
    public Person? StartedBy { get; init; }

    /// <summary>The people through whose hands those runs go.</summary>
    public IReadOnlyList<string> Hands { get; init; } = Stories.Hands.None;

    internal static PublishEventWork Read(IReadOnlyDictionary<string, object?> values) => new()
    {
        EventName = (string)values["eventName"]!,
        CorrelationId = (string?)values["correlationId"],
        OnlyRunId = (string?)values["onlyRunId"],
        Payload = values["payload"],
        StartedBy = Person.Of((string?)values["startedBy"], (string?)values.GetValueOrDefault("startedById")),
        Hands = Stories.Hands.Read(values.GetValueOrDefault("hands")),
    };

    private protected override Dictionary<string, object?> Write() => new()
    {
        ["eventName"] = EventName,
        ["correlationId"] = CorrelationId,
        ["onlyRunId"] = OnlyRunId,
        ["payload"] = Payload,
        ["startedBy"] = StartedBy?.Name,
        ["startedById"] = StartedBy?.Id,
        ["hands"] = Stories.Hands.Write(Hands),
    };
}

/// <summary>Resumes a bookmark of a run that could not be told at once. A run that does not wait for it any more is left alone.</summary>
public sealed record ResumeRun : FollowUpWork
{
    internal const string KindName = "resume-run";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The run that waits.</summary>
    public required string RunId { get; init; }

    /// <summary>Where it waits.</summary>
    public required string BookmarkId { get; init; }

    /// <summary>What the activity gets.</summary>
    public object? Input { get; init; }

    /// <summary>The story keeps as a secret what an activity makes of it, so it is stored as one.</summary>
    public bool IsSecret { get; init; }

    internal static ResumeRun Read(IReadOnlyDictionary<string, object?> values)
    {
        var isSecret = values.ContainsKey("inputIsSecret");
        return new()
        {
            RunId = (string)values["runId"]!,
            BookmarkId = (string)values["bookmarkId"]!,
            Input = isSecret ? ((Sensitive)values["input"]!).RevealObject() : values["input"],
            IsSecret = isSecret,
        };
    }

    private protected override Dictionary<string, object?> Write()
    {
        var values = new Dictionary<string, object?> { ["runId"] = RunId, ["bookmarkId"] = BookmarkId, ["input"] = IsSecret ? Sensitive.Of(Input) : Input };
        if (IsSecret)
        {
            values["inputIsSecret"] = true;
        }

        return values;
    }
}

/// <summary>A <see cref="RunParent"/> as plain values.</summary>
internal static class ParentValues
{
    public static Dictionary<string, object?> Write(RunParent parent) => new()
    {
        ["runId"] = parent.RunId,
        ["tell"] = parent.Tell.ToString(),
        ["bookmarkId"] = parent.BookmarkId,
        ["index"] = (long)parent.Index,
        ["depth"] = (long)parent.Depth,
        ["waitingStories"] = parent.WaitingStories.ToArray<object?>(),
    };

    public static RunParent Read(IReadOnlyDictionary<string, object?> values) => new(
        (string)values["runId"]!,
        Enum.Parse<TellParent>((string)values["tell"]!),
        (string?)values["bookmarkId"],
        (int)(long)values["index"]!,
        (int)(long)values["depth"]!,
        [.. ((object?[])values["waitingStories"]!).Cast<string>()]);
}

/// <summary>Work with the id under which it is stored.</summary>
/// <param name="Id">The same when a run that was taken up again asks again.</param>
/// <param name="Work">What to do.</param>
public sealed record RunFollowUp(string Id, FollowUpWork Work);
