using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;

namespace FederationWorkflows.Engine;

/// <content>Completion, children, bookmarks and signals; and what the run keeps about the execution.</content>
public sealed partial class ActivityExecutionContext
{
    private RareState? rare;

    private long startedTicks;

    internal WorkflowRun Run { get; }

    /// <summary>The activity's place in the story (Elsa contract: ActivityNode).</summary>
    public ActivityNode ActivityNode => Node;

    internal ActivityNode Node { get; }

    /// <summary>The execution's number within its run: given when it is scheduled, never used twice.</summary>
    internal long Number { get; }

    internal ActivityCompletionCallback? Callback { get; }

    internal object?[]? Inputs { get; set; }

    internal object?[]? Outputs { get; set; }

    internal bool OutputsPublished { get; set; }

    internal object?[]? Variables { get; set; }

    internal ulong DirtyVariables { get; set; }

    /// <summary>Where a container stands in its children; its meaning is the activity's own.</summary>
    internal int Cursor { get; set; }

    /// <summary>What a container remembers beyond the cursor.</summary>
    internal object? ContainerState
    {
        get => rare?.ContainerState;
        set => Rare.ContainerState = value;
    }

    internal object? CompletionResult { get; set; }

    /// <summary>Attempts of this execution that failed and were followed, or will be, by another.</summary>
    internal int FailedAttempts { get; set; }

    /// <summary>Written by the activity, which may be on another thread; hence apart from <see cref="State"/>.</summary>
    internal bool CompletionRequested { get; private set; }

    /// <summary>Written on the driver's turn only.</summary>
    internal Flags State { get; set; }

    internal ActivityExecutionContext? FirstChild { get; set; }

    internal ActivityExecutionContext? LastChild { get; set; }

    internal ActivityExecutionContext? NextSibling { get; set; }

    internal ActivityExecutionContext? PreviousSibling { get; set; }

    /// <summary>Most executions need none of this.</summary>
    internal RareState Rare => rare ?? Interlocked.CompareExchange(ref rare, new RareState(Run), null) ?? rare;

    internal RareState? RareOrNull => rare;

    internal bool HasBookmarks => (State & Flags.Waiting) != 0;

    /// <summary>Completes the activity once its execution returns. Children that still live are cancelled then.</summary>
    /// <param name="result"><see cref="Outcomes"/>, or any other result for the activity that scheduled this one.</param>
    public ValueTask CompleteActivityAsync(object? result = null)
    {
        CompletionRequested = true;
        CompletionResult = result;
        return ValueTask.CompletedTask;
    }

    /// <summary>Completes the activity with the given outcomes.</summary>
    public ValueTask CompleteActivityWithOutcomesAsync(params string[] outcomes) => CompleteActivityAsync(new Outcomes(outcomes));

    /// <summary>Schedules a child activity.</summary>
    /// <param name="activity">A child of this activity; null schedules nothing.</param>
    /// <param name="callback">A method of this activity, called when the child has completed.</param>
    /// <returns>A completed task; the child executes after this execution returns.</returns>
    public ValueTask ScheduleActivityAsync(IActivity? activity, ActivityCompletionCallback? callback = null)
    {
        if (activity is not null)
        {
            Schedule(((Activity)activity).Node, callback, null);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Creates a bookmark: the activity waits until it is resumed.</summary>
    public Bookmark CreateBookmark(object? stimulus, ExecuteActivityDelegate? callback = null) => CreateBookmark(new CreateBookmarkArgs { Stimulus = stimulus, Callback = callback });

    /// <inheritdoc cref="CreateBookmark(object, ExecuteActivityDelegate)"/>
    public Bookmark CreateBookmark(CreateBookmarkArgs? args = null)
    {
        args ??= new CreateBookmarkArgs();
        Callbacks.Check(Node.Activity, args.Callback);
        var name = args.BookmarkName ?? Node.Descriptor.TypeName;
        var bookmark = new Bookmark
        {
            Id = args.BookmarkId ?? Run.Environment.NewId(),
            Name = name,
            Stimulus = args.Stimulus,
            Hash = Bookmark.HashOf(name, args.Stimulus),
            ActivityId = Node.Id,
            NodeId = Node.NodeId,
            InstanceNumber = Number,
            CallbackName = args.Callback?.Method.Name,
            CreatedAt = TimeProvider.GetUtcNow(),
            AutoBurn = args.AutoBurn,
            Metadata = args.Metadata,
        };
        (Rare.NewBookmarks ??= []).Add((bookmark, args.ResumeAt));
        return bookmark;
    }

    /// <summary>A new id, unique among all runs.</summary>
    internal string NewId() => Run.Environment.NewId();

    /// <summary>Something to be done outside the run once this execution's result is on disk; neither lost nor done for a commit that did not happen.</summary>
    internal void AddFollowUp(FollowUpWork work) => (Rare.FollowUps ??= []).Add(work);

    /// <summary>For activities that complete when they say so: unless a bookmark was created, this one has nothing to wait for.</summary>
    internal ValueTask CompleteUnlessWaitingAsync() => rare?.NewBookmarks is { Count: > 0 } ? ValueTask.CompletedTask : CompleteActivityAsync();

    /// <summary>Sends a signal up to the activities that hold this one, from the innermost outwards.</summary>
    public ValueTask SendSignalAsync(object signal)
    {
        (Rare.Signals ??= []).Add(signal);
        return ValueTask.CompletedTask;
    }

    /// <summary>Cancels the children that are live.</summary>
    internal void CancelChildren() => Run.CancelChildren(this);

    internal void Schedule(ActivityNode node, ActivityCompletionCallback? callback, object?[]? variables)
    {
        if (Run.IsOnTurn)
        {
            Run.Schedule(this, node, callback, variables);
        }
        else
        {
            (Rare.Children ??= []).Add((node, callback, variables));
        }
    }

    internal void Assign(int index, object? value)
    {
        Variables![index] = value;
        DirtyVariables |= 1UL << Math.Min(index, 63);
        Run.MarkDirty(this);
    }

    /// <summary>Forgets what it did: it executes again, as the same execution.</summary>
    internal void Restart()
    {
        Status = ActivityStatus.Pending;
        Inputs = null;
        State |= Flags.InputsStale;
        Outputs = null;
        OutputsPublished = false;
        CompletionRequested = false;
        CompletionResult = null;
        Cursor = 0;
        var waits = rare?.WaitsOrNull;
        rare = waits is null ? null : new RareState(Run) { WaitsOrNull = waits };
    }

    /// <summary>The children in the order in which they were scheduled.</summary>
    internal IEnumerable<ActivityExecutionContext> Children()
    {
        for (var child = FirstChild; child is not null;)
        {
            var next = child.NextSibling;
            yield return child;
            child = next;
        }
    }

    [Flags]
    internal enum Flags
    {
        None = 0,
        InFlight = 1,
        Dirty = 2,
        Persisted = 4,
        Waiting = 8,
        Queued = 16,
        InCallback = 32,
        Removed = 64,

        /// <summary>It failed and waits for another attempt.</summary>
        Retrying = 128,

        /// <summary>The wait is over, but the attempt before has not returned yet.</summary>
        RetryDue = 256,

        /// <summary>The saved inputs are those of an attempt before.</summary>
        InputsStale = 512,
    }

    /// <summary>What only some executions have.</summary>
    internal sealed class RareState(WorkflowRun run) : IDisposable
    {
        private CancellationTokenSource? cancellation;

        public Dictionary<string, object?>? JournalData { get; set; }

        public List<(string Name, object? Value)>? WorkflowOutputs { get; set; }

        public List<object>? Effects { get; set; }

        public List<FollowUpWork>? FollowUps { get; set; }

        public List<object>? Signals { get; set; }

        public List<(Bookmark Bookmark, DateTimeOffset? ResumeAt)>? NewBookmarks { get; set; }

        public List<(ActivityNode Node, ActivityCompletionCallback? Callback, object?[]? Variables)>? Children { get; set; }

        public List<(ActivityExecutionContext Scope, int Index, object? Value)>? VariableWrites { get; set; }

        /// <summary>Empty text takes the name away; null leaves it.</summary>
        public string? RunName { get; set; }

        public string? CorrelationId { get; set; }

        public Exception? Failure { get; set; }

        /// <summary>Ids of the bookmarks and timers that go when it ends; some may be gone already.</summary>
        public HashSet<string> Waits => WaitsOrNull ??= [];

        public HashSet<string>? WaitsOrNull { get; set; }

        public object? ResumeInput { get; set; }

        public object? ContainerState { get; set; }

        public Queue<Func<ValueTask>>? Deferred { get; set; }

        public CancellationTokenSource Cancellation =>
            cancellation ?? Interlocked.CompareExchange(ref cancellation, CancellationTokenSource.CreateLinkedTokenSource(run.Stopping), null) ?? cancellation;

        /// <summary>What is registered with the token runs elsewhere: neither its errors nor what it does are part of the driver's turn.</summary>
        public void Cancel() => _ = Cancellation.CancelAsync();

        public void Dispose() => cancellation?.Dispose();
    }
}
