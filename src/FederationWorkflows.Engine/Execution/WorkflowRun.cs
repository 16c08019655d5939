using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Execution;

/// <summary>
/// One run of one compiled definition. It is driven, never drives: <see cref="Advance"/> executes what can be executed, and says what it needs next.
/// One driver at a time may call it. Activities that await run beside each other; everything they set is taken over on the driver's turn,
/// so the run's own state needs no lock.
/// </summary>
public sealed partial class WorkflowRun : IDisposable
{
    private readonly Queue<ActivityExecutionContext> queue = new();

    private readonly RunWaits waits;

    private readonly InFlightExecutions inFlight = new();

    private readonly IReadOnlyDictionary<string, object?> input;

    private readonly Dictionary<string, object?> output = [];

    private readonly List<Incident> incidents = [];

    private readonly object?[]?[] outputs;

    private readonly CommitStrategy strategy;

    private CancellationTokenSource? stopping;

    private long lastNumber;

    private long executions;

    private int live;

    private int turnThread;

    private ActivityNode? trigger;

    private bool triggerUsed;

    /// <summary>Something with effects outside has ended since the last commit.</summary>
    private bool effectUncommitted;

    private WorkflowRun(ExecutableWorkflow workflow, RunIdentity identity, IReadOnlyDictionary<string, object?> input, RunEnvironment environment)
    {
        Workflow = workflow;
        Identity = identity;
        Environment = environment;
        this.input = input;
        outputs = new object?[workflow.NodeList.Length][];
        commit = new CommitBuffer();
        waits = new RunWaits(commit);
        strategy = workflow.Definition.CommitStrategy switch
        {
            "ActivityExecuted" or "ActivityExecuting" => CommitStrategy.EveryActivity,
            "WorkflowExecuted" or "WorkflowExecuting" => CommitStrategy.Burst,
            _ => CommitStrategy.SideEffects,
        };
    }

    /// <summary>The run's id.</summary>
    public string Id => Identity.Id;

    /// <summary>What identifies the run.</summary>
    public RunIdentity Identity { get; private set; }

    /// <summary>The graph it executes.</summary>
    public ExecutableWorkflow Workflow { get; }

    /// <summary>Whether it goes on.</summary>
    public WorkflowStatus Status { get; private set; }

    /// <summary>How it stands.</summary>
    public WorkflowSubStatus SubStatus { get; private set; }

    /// <summary>The name the story gave this run, or null.</summary>
    public string? Name { get; private set; }

    /// <summary>The values of the workflow's inputs.</summary>
    public IReadOnlyDictionary<string, object?> Input => input;

    /// <summary>The values of the workflow's outputs so far.</summary>
    public IReadOnlyDictionary<string, object?> Output => output;

    /// <summary>What failed.</summary>
    public IReadOnlyList<Incident> Incidents => incidents;

    /// <summary>What it waits for.</summary>
    public IReadOnlyCollection<Bookmark> Bookmarks => waits.Bookmarks;

    /// <summary>When it waits no longer.</summary>
    public IReadOnlyCollection<RunTimer> Timers => waits.Timers;

    /// <summary>What started it, or null.</summary>
    public object? TriggerPayload { get; private set; }

    /// <summary>On whose behalf it runs, or null.</summary>
    public Person? StartedBy { get; private set; }

    /// <summary>The people through whose hands it went (<see cref="Stories.Hands"/>).</summary>
    public IReadOnlyList<string> Hands { get; private set; } = Stories.Hands.None;

    /// <summary>The values of the workflow's variables, in the order of the definition; empty when the workflow has not begun.</summary>
    public IReadOnlyList<object?> Variables => root?.Variables ?? [];

    /// <summary>The outcomes it completed with; <c>Done</c> unless the story says otherwise.</summary>
    public Outcomes Outcomes { get; private set; } = Outcomes.Default;

    /// <summary>Executions that are scheduled, executing or waiting.</summary>
    public int LiveCount => live;

    /// <summary>Who follows its executions while it is driven here; null for nobody.</summary>
    public IRunListener? Listener { get; set; }

    /// <summary>An activity of it awaits something.</summary>
    public bool IsInFlight => inFlight.Count > 0;

    /// <summary>What has changed may be committed: no callback is in flight, which a saved run could not repeat.</summary>
    public bool IsCommittable => inFlight.Callbacks == 0;

    /// <summary>A commit comes before what acts on the world. A story may ask for it not to.</summary>
    public bool CommitsBeforeEffects => strategy != CommitStrategy.Burst;

    internal RunEnvironment Environment { get; }

    /// <summary>Cancelled when the driver abandons the run.</summary>
    internal CancellationToken Stopping => StoppingSource.Token;

    private CancellationTokenSource StoppingSource => stopping ?? Interlocked.CompareExchange(ref stopping, new CancellationTokenSource(), null) ?? stopping;

    /// <summary>The calling thread executes this run's turn, so that it may change the run's state at once.</summary>
    internal bool IsOnTurn => turnThread == System.Environment.CurrentManagedThreadId;

    private ActivityExecutionContext? root;

    /// <summary>Creates a run. Nothing executes until it is advanced.</summary>
    /// <exception cref="ValueConversionException">A value does not fit its input; the message names the input.</exception>
    public static WorkflowRun Create(ExecutableWorkflow workflow, RunStart start, RunEnvironment environment)
    {
        var identity = new RunIdentity(start.RunId, workflow.Definition.DefinitionId, workflow.Definition.Revision, start.CorrelationId, environment.TimeProvider.GetUtcNow());
        var run = new WorkflowRun(workflow, identity, WorkflowInput.Convert(workflow.Definition, start.Input), environment)
        {
            SubStatus = WorkflowSubStatus.Pending,
            TriggerPayload = start.TriggerPayload,
            StartedBy = start.StartedBy,
            Hands = start.Hands,
            Parent = start.Parent,
            trigger = start.TriggerActivityId is { } id ? workflow.Find(id) : null,
        };
        run.commit.IsFirst = true;
        run.turnThread = System.Environment.CurrentManagedThreadId;
        run.root = run.Schedule(null, workflow.NodeList[0], null, null);
        run.turnThread = 0;
        return run;
    }

    /// <summary>
    /// Executes until the run ends, waits, or wants a commit. Work that does not await runs here, on the caller's thread.
    /// </summary>
    public RunStep Advance()
    {
        if (Status == WorkflowStatus.Finished)
        {
            return RunStep.Finished;
        }

        turnThread = System.Environment.CurrentManagedThreadId;
        try
        {
            SubStatus = WorkflowSubStatus.Executing;
            for (var share = Environment.Limits.ExecutionsPerTurn; ; share--)
            {
                TakeReturned();
                if (Status == WorkflowStatus.Finished)
                {
                    return RunStep.Finished;
                }

                if (IsCommitDue())
                {
                    return inFlight.Callbacks == 0 ? RunStep.Commit : RunStep.Wait;
                }

                if (share <= 0)
                {
                    return RunStep.Yield;
                }

                if (!queue.TryPeek(out var next))
                {
                    return inFlight.Count > 0 ? RunStep.Wait : Rest();
                }

                if (!IsStillWanted(next))
                {
                    queue.Dequeue();
                    next.State &= ~ActivityExecutionContext.Flags.Queued;
                    continue;
                }

                if (next.Node.Descriptor.HasSideEffects)
                {
                    if (inFlight.Count >= Environment.Limits.MaxInFlight)
                    {
                        return RunStep.Wait;
                    }

                    // Its number is its idempotency key: it must be on disk before the world sees it.
                    if (strategy != CommitStrategy.Burst && commit.HasStateChanges)
                    {
                        return inFlight.Callbacks == 0 ? RunStep.Commit : RunStep.Wait;
                    }
                }

                queue.Dequeue();
                Execute(next);
            }
        }
        finally
        {
            turnThread = 0;
        }
    }

    /// <summary>Waits until an activity in flight has returned. Call it after <see cref="RunStep.Wait"/>.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => inFlight.WaitAsync(cancellationToken);

    /// <summary>Resumes a bookmark.</summary>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="resumeInput">What the activity gets.</param>
    /// <returns>False when the run does not wait for it any more.</returns>
    public bool Resume(string bookmarkId, object? resumeInput) =>
        OnTurn(() =>
        {
            if (Status == WorkflowStatus.Finished || waits.Find(bookmarkId) is not var (bookmark, context))
            {
                return false;
            }

            if (bookmark.AutoBurn)
            {
                waits.Burn(bookmark.Id);
                context.State &= ~ActivityExecutionContext.Flags.Waiting;
            }

            Journal(context, JournalEvent.Resumed);
            if (bookmark.CallbackName is null)
            {
                context.Rare.ResumeInput = resumeInput;
                Complete(context);
            }
            else
            {
                Enter(context, () =>
                {
                    context.Rare.ResumeInput = resumeInput;
                    return Callbacks.Find<ExecuteActivityDelegate>(context.Node.Activity, bookmark.CallbackName)(context);
                });
            }

            return true;
        });

    /// <summary>A timer of the run is due.</summary>
    /// <returns>False when the run has no such timer any more.</returns>
    public bool ResumeTimer(string timerId)
    {
        if (Status == WorkflowStatus.Finished || waits.TakeTimer(timerId) is not var (timer, context))
        {
            return false;
        }

        if (timer.BookmarkId is { } bookmark)
        {
            return Resume(bookmark, null);
        }

        return OnTurn(() =>
        {
            if (timer.Id.Contains(RetryTimer, StringComparison.Ordinal))
            {
                Retry(context);
            }
            else
            {
                var what = context.ParentActivityExecutionContext is null ? "run" : "activity";
                Fault(context, new TimeoutException($"The {what} did not complete within {context.Node.Timeout}. Raise customProperties.timeout, or find out what it waits for."));
            }

            return true;
        });
    }

    /// <summary>Ends the run: everything live is cancelled.</summary>
    /// <returns>False when it had ended before.</returns>
    public bool Cancel() =>
        OnTurn(() =>
        {
            if (Status == WorkflowStatus.Finished)
            {
                return false;
            }

            Cancel(root!);
            End(WorkflowSubStatus.Cancelled);
            return true;
        });

    /// <summary>Lets go of a run that somebody else drives on: activities in flight are cancelled, and nothing of it is committed any more.</summary>
    /// <returns>Completes when every activity in flight has been told.</returns>
    public Task AbandonAsync() => StoppingSource.CancelAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        commit.Return();
        stopping?.Dispose();
    }

    internal object? GetInput(string name) => input.GetValueOrDefault(name);

    internal object?[]? GetOutputs(ActivityNode node) => Volatile.Read(ref outputs[node.Index]);

    internal bool IsUnusedTrigger(ActivityNode node) => trigger == node && !triggerUsed;

    internal ActivityNode? Trigger => trigger;

    /// <summary>Adds an execution to the queue.</summary>
    internal ActivityExecutionContext Schedule(ActivityExecutionContext? parent, ActivityNode node, ActivityCompletionCallback? callback, object?[]? variables)
    {
        if (parent is not null)
        {
            Callbacks.Check(parent.Node.Activity, callback);
        }

        var context = new ActivityExecutionContext(this, node, parent, ++lastNumber, callback);
        var declared = node.VariableList;
        if (declared.Count > 0)
        {
            context.Variables = InitialVariables(declared, variables);
            context.DirtyVariables = ulong.MaxValue;
        }

        ExecutionTree.Link(parent, context);
        context.State |= ActivityExecutionContext.Flags.Queued;
        queue.Enqueue(context);
        MarkDirty(context);
        if (++live > Environment.Limits.MaxLive)
        {
            throw new InvalidOperationException($"The run has more than {Environment.Limits.MaxLive} activities live at once.");
        }

        return context;
    }

    /// <summary>What a loop hands to its body comes last in the body's scope, and is mostly all there is.</summary>
    private static object?[] InitialVariables(List<Variable> declared, object?[]? handed)
    {
        if (handed?.Length == declared.Count)
        {
            return handed;
        }

        var values = new object?[declared.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = declared[i].Default;
        }

        handed?.CopyTo(values, values.Length - handed.Length);
        return values;
    }

    private bool OnTurn(Func<bool> change)
    {
        turnThread = System.Environment.CurrentManagedThreadId;
        try
        {
            return change();
        }
        finally
        {
            turnThread = 0;
        }
    }

    private bool IsCommitDue() =>
        (effectUncommitted && strategy != CommitStrategy.Burst)
        || (strategy == CommitStrategy.EveryActivity && commit.HasCompletions)
        || commit.JournalCount >= Environment.Limits.JournalEntriesPerCommit;

    /// <summary>Nothing is queued and nothing in flight: the run waits for something from outside, or it hangs.</summary>
    private RunStep Rest()
    {
        var faulted = incidents.Count > 0 && !Workflow.ContinuesWithIncidents;
        if (!faulted && !waits.IsEmpty)
        {
            SubStatus = WorkflowSubStatus.Suspended;
            TellParent(atEnd: false);
            return RunStep.Suspended;
        }

        if (incidents.Count == 0)
        {
            var stuck = ExecutionTree.FindStuck(root!);
            Report(stuck, new InvalidOperationException((stuck.Node.Activity as IExplainsWaiting)?.ExplainWaiting(stuck)
                ?? $"Activity '{stuck.Node.Id}' has not completed, but nothing is left to execute and it waits for no event."));
        }

        End(WorkflowSubStatus.Faulted);
        return RunStep.Finished;
    }

    /// <summary>An activity executes only while everything around it still runs.</summary>
    private static bool IsStillWanted(ActivityExecutionContext context)
    {
        if (context.Status != ActivityStatus.Pending)
        {
            return false;
        }

        var parent = context.ParentActivityExecutionContext;
        return parent is null || parent.Status is ActivityStatus.Running;
    }

    private void TakeReturned()
    {
        while (inFlight.TryTake(out var context))
        {
            Settle(context);
            while (context.RareOrNull?.Deferred is { Count: > 0 } deferred && (context.State & ActivityExecutionContext.Flags.InFlight) == 0 && context.Status == ActivityStatus.Running)
            {
                Enter(context, deferred.Dequeue());
            }
        }
    }
}
