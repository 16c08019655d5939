using System.Diagnostics;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Telemetry;

/// <summary>
/// Tells of one run while one node drives it: a span for that, below it one for each attempt of an activity, and the activities' measures. What it
/// tells are names, numbers and messages of incidents, which are masked; never a value that flows through the story.
/// </summary>
internal sealed class RunTelemetry : IRunListener
{
    /// <summary>The source of these spans.</summary>
    public const string SourceName = "FederationWorkflows.Runtime";

    /// <summary>A loop of many turns must not fill a trace that nobody can look at any more.</summary>
    private const int MaxSpans = 2_000;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Somebody listens. A run that is not sampled has no span then, and what it does must not pass for a part of the request that started it.</summary>
    private readonly bool isTraced;

    private readonly Activity? root;

    private readonly TimeProvider time;

    /// <summary>The spans of attempts that go on, by the number of the execution.</summary>
    private readonly Dictionary<long, Activity> open = [];

    private bool isPartTaken;

    private int spans;

    private int leftOut;

    private RunTelemetry(bool isTraced, Activity? root, TimeProvider time)
    {
        this.isTraced = isTraced;
        this.root = root;
        this.time = time;
    }

    /// <summary>The run's span as a traceparent; null when it is not traced.</summary>
    public string? TraceParent => root is null ? null : RunTraceContext.Format(root);

    /// <summary>Begins to tell of a run; null when nobody listens.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isNew">It has just been created; otherwise it goes on.</param>
    /// <param name="earlier">The span of its earlier part, when it was let go of meanwhile.</param>
    /// <param name="caller">The span of the run that started it.</param>
    /// <param name="time">The clock.</param>
    public static RunTelemetry? Begin(WorkflowRun run, bool isNew, ActivityContext? earlier, ActivityContext? caller, TimeProvider time)
    {
        var traces = Source.HasListeners();
        if (!traces && !RuntimeMeter.ActivityDuration.Enabled && !RuntimeMeter.Retries.Enabled && !RuntimeMeter.Faults.Enabled)
        {
            return null;
        }

        var telemetry = new RunTelemetry(traces, traces ? StartRoot(run, isNew, earlier, caller, time) : null, time);
        run.Listener = telemetry;
        return telemetry;
    }

    /// <summary>The commit's state, and the first time what names this part of the run to who drives it on.</summary>
    public IReadOnlyList<StatePart> WithPart(IReadOnlyList<StatePart> state)
    {
        if (root is null || isPartTaken)
        {
            return state;
        }

        isPartTaken = true;
        return [.. state, RunTraceContext.ToPart(root)];
    }

    /// <summary>What happens next happens for the run, and for no activity of it in particular.</summary>
    public void EnterRun()
    {
        if (isTraced)
        {
            Activity.Current = root;
        }
    }

    public void OnEntering(long instanceNumber)
    {
        if (root is not null)
        {
            Activity.Current = open.GetValueOrDefault(instanceNumber, root);
        }
    }

    public void OnJournaled(in JournalEntry entry, DateTimeOffset startedAt)
    {
        switch (entry.Event)
        {
            case JournalEvent.Started:
                StartSpan(entry, isResumed: false);
                break;
            case JournalEvent.Resumed when !open.ContainsKey(entry.InstanceNumber):
                StartSpan(entry, isResumed: true);
                break;
            case JournalEvent.Completed or JournalEvent.Faulted or JournalEvent.Canceled or JournalEvent.Retrying:
                var outcome = OutcomeOf(entry.Event);
                Measure(entry, startedAt, outcome);
                if (open.TryGetValue(entry.InstanceNumber, out var span))
                {
                    open.Remove(entry.InstanceNumber);
                    End(span, outcome, entry.Details?.Error, entry.Timestamp);
                }

                break;
        }
    }

    /// <summary>The node lets go of the run: it has ended, waits, or could not be driven on.</summary>
    /// <param name="outcome">How it stands.</param>
    /// <param name="error">What went wrong; null when nothing did.</param>
    public void End(string outcome, ErrorInfo? error)
    {
        if (root is null)
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var span in open.Values)
        {
            End(span, outcome, null, now);
        }

        open.Clear();
        if (leftOut > 0)
        {
            root.SetTag("fedflow.spans.left_out", leftOut);
        }

        End(root, outcome, error, now);
    }

    /// <summary>The node could not drive a run to where it rests.</summary>
    /// <param name="telemetry">What tells of the run; null when nothing does.</param>
    /// <param name="reason">Why. Its message is not told: it is anybody's.</param>
    /// <param name="stops">Because the node stops.</param>
    public static void LetGo(RunTelemetry? telemetry, Exception reason, bool stops)
    {
        var why = stops ? "stopping" : reason switch
        {
            RunHandedOverException => "handed_over",
            LeaseLostException => "lease_lost",
            StorageUnavailableException => "storage",
            _ => "error",
        };
        RuntimeMeter.LetGo.Add(1, new KeyValuePair<string, object?>(RuntimeMeter.Reason, why));
        var isError = why is not ("stopping" or "handed_over");
        telemetry?.End("let_go", isError ? new ErrorInfo(reason.GetType().Name, "This node could not drive the run on; it goes on from its last commit.", null) : null);
    }

    private static Activity? StartRoot(WorkflowRun run, bool isNew, ActivityContext? earlier, ActivityContext? caller, TimeProvider time)
    {
        var links = new List<ActivityLink>();
        Link(links, earlier, "earlier");
        Link(links, caller, "caller");
        if (Activity.Current is { Recorded: true } request)
        {
            // The request that starts or resumes it, and with it what that request itself is linked to: the caller's own trace.
            Link(links, request.Context, "request");
            links.AddRange(request.Links);
        }

        var definition = run.Workflow.Definition;
        var tags = new ActivityTagsCollection
        {
            ["fedflow.run.id"] = run.Id,
            [RuntimeMeter.Definition] = definition.DefinitionId,
            ["fedflow.definition.version"] = definition.Version,
            ["fedflow.run.resumed"] = !isNew,
        };
        if (run.Parent is { } parent)
        {
            tags["fedflow.run.parent_id"] = parent.RunId;
        }

        // A trace id without a span is that of a root, unless something is current: that would become its parent.
        Activity.Current = null;
        var trace = new ActivityContext(RunTraceContext.TraceIdOf(run.Id), default, ActivityTraceFlags.None);
        return Source.StartActivity($"run {definition.DefinitionId}", ActivityKind.Internal, trace, tags, links, time.GetUtcNow());
    }

    private static void Link(List<ActivityLink> links, ActivityContext? context, string relation)
    {
        if (context is { } other && other.SpanId != default)
        {
            links.Add(new ActivityLink(other, new ActivityTagsCollection { ["fedflow.link"] = relation }));
        }
    }

    private void StartSpan(in JournalEntry entry, bool isResumed)
    {
        if (root is null)
        {
            return;
        }

        if (++spans > MaxSpans)
        {
            leftOut++;
            return;
        }

        // Nothing is current: a span remembers what was, and a long chain of them would be kept alive.
        Activity.Current = null;
        var parent = open.GetValueOrDefault(entry.ParentInstanceNumber, root);
        var type = entry.Node.Descriptor.TypeName;
        var span = Source.StartActivity(type, ActivityKind.Internal, parent.Context, tags: null, links: null, entry.Timestamp);
        if (span is null)
        {
            return;
        }

        span.SetTag("fedflow.run.id", root.GetTagItem("fedflow.run.id"));
        span.SetTag("fedflow.activity.id", entry.Node.Id);
        span.SetTag(RuntimeMeter.ActivityType, type);
        span.SetTag("fedflow.attempt", entry.Details?.Data?.GetValueOrDefault("RetryCount") is int failed ? failed + 1 : 1);
        if (isResumed)
        {
            span.SetTag("fedflow.activity.resumed", true);
        }

        open[entry.InstanceNumber] = span;
    }

    private static void Measure(in JournalEntry entry, DateTimeOffset startedAt, string outcome)
    {
        var type = new KeyValuePair<string, object?>(RuntimeMeter.ActivityType, entry.Node.Descriptor.TypeName);
        if (RuntimeMeter.ActivityDuration.Enabled && startedAt != default)
        {
            RuntimeMeter.ActivityDuration.Record((entry.Timestamp - startedAt).TotalSeconds, type, new(RuntimeMeter.Outcome, outcome));
        }

        if (entry.Event == JournalEvent.Retrying)
        {
            RuntimeMeter.Retries.Add(1, type);
        }
        else if (entry.Event == JournalEvent.Faulted)
        {
            RuntimeMeter.Faults.Add(1, type);
        }
    }

    private static void End(Activity span, string outcome, ErrorInfo? error, DateTimeOffset at)
    {
        span.SetTag(RuntimeMeter.Outcome, outcome);
        if (error is not null)
        {
            span.SetTag("error.type", error.Type);
            span.SetStatus(ActivityStatusCode.Error, error.Message);
        }

        span.SetEndTime(at.UtcDateTime);
        span.Stop();
    }

    private static string OutcomeOf(JournalEvent what) => what switch
    {
        JournalEvent.Completed => "completed",
        JournalEvent.Faulted => "faulted",
        JournalEvent.Canceled => "cancelled",
        _ => "retrying",
    };
}
