using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Runtime.Runs;

/// <content>How runs begin.</content>
public sealed partial class WorkflowRuntime
{
    /// <summary>
    /// Why nobody from outside can start a run at the moment; null when there is room, unless somebody is quicker. A server asks before it has
    /// read a request: under overload, who is turned away late costs nearly as much as a run. Counts who is turned away.
    /// </summary>
    public NodeBusyException? TurnsAway() => isDraining ? Draining() : gate.HasRoom ? null : gate.Full();

    /// <summary>Starts a run of the published version of a definition, or of the one that is asked for. When this returns, the run is stored.</summary>
    /// <exception cref="UnknownDefinitionException">No version of the definition is published, or it has not the one that is asked for.</exception>
    /// <exception cref="DefinitionException">The version that is asked for has errors.</exception>
    /// <exception cref="StoryNotAllowedException">The caller may not start it by hand.</exception>
    /// <exception cref="RunExistsException">The run id is taken.</exception>
    /// <exception cref="NodeBusyException">There is no room for another run, or the node is being drained.</exception>
    /// <exception cref="DuplicateRunException">The same deduplication key started a run before.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle> StartAsync(StartRequest request, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var workflow = request.VersionId is { } version ? await definitions.FindVersionAsync(version, cancellationToken) : await definitions.FindPublishedAsync(request.DefinitionId, cancellationToken);
        if (workflow?.Definition.DefinitionId != request.DefinitionId)
        {
            throw new UnknownDefinitionException(request.DefinitionId);
        }

        var deduplication = request.DeduplicationKey is not { } key ? null : new Deduplication(
            $"{request.DefinitionId}/{request.TriggerActivityId}",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))),
            environment.TimeProvider.GetUtcNow() + request.DeduplicationWindow);
        if (!request.IsTriggered)
        {
            access.RequireToStart(workflow, caller);
        }

        var origin = new RunOrigin { Deduplication = deduplication, Hands = request.IsTriggered ? Hands.None : [caller.Hand()] };
        return await StartAsync(workflow, request, caller.ToPerson(), origin, cancellationToken);
    }

    /// <summary>Starts a new run with what another was started with: on the published version of its story, or on the other's own when none is published.</summary>
    /// <param name="runId">The other run.</param>
    /// <param name="input">Values that replace or join the other's inputs, by name; null for none.</param>
    /// <param name="caller">Who asks for it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The new run; null when the other, or its definition, does not exist.</returns>
    /// <exception cref="StoryNotAllowedException">The caller may not use what the story uses.</exception>
    /// <exception cref="NodeBusyException">There is no room for another run, or the node is being drained.</exception>
    /// <exception cref="Engine.ValueConversionException">A value does not fit its input.</exception>
    public async ValueTask<RunHandle?> RerunAsync(string runId, IReadOnlyDictionary<string, object?>? input, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken) is not { Identity: { } identity }
            || await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken) is not { } own
            || await runs.LoadAsync(runId, cancellationToken) is not { } parts)
        {
            return null;
        }

        using var other = WorkflowRun.Load(own, parts, environment);
        var values = new Dictionary<string, object?>(other.Input);
        foreach (var (name, value) in input ?? new Dictionary<string, object?>())
        {
            values[name] = value;
        }

        var request = new StartRequest(identity.DefinitionId)
        {
            Input = values,
            CorrelationId = identity.CorrelationId,
            TriggerActivityId = other.TriggerActivityId,
            TriggerPayload = other.TriggerPayload,
        };
        var workflow = await definitions.FindPublishedAsync(identity.DefinitionId, cancellationToken) ?? own;
        access.RequireToStart(workflow, caller);
        return await StartAsync(workflow, request, caller.ToPerson(), new RunOrigin { Hands = [caller.Hand()] }, cancellationToken);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The actor disposes of the run when it lets go of it.")]
    internal async ValueTask<RunHandle> StartAsync(ExecutableWorkflow workflow, StartRequest request, Person? startedBy, RunOrigin origin, CancellationToken cancellationToken)
    {
        if (isDraining)
        {
            throw Draining();
        }

        // What came in durably by another way waits; who asks from outside is better told.
        if (origin.WaitsForRoom)
        {
            await gate.EnterAsync(cancellationToken);
        }
        else if (!gate.TryEnter())
        {
            throw gate.Full();
        }

        var runId = request.RunId ?? NewRunId();
        var mine = NewEntry();
        WorkflowRun run;
        try
        {
            await AddAsync(runId, mine, cancellationToken);
        }
        catch
        {
            gate.Leave();
            throw;
        }

        try
        {
            run = Create(workflow, runId, request, startedBy, origin);
        }
        catch
        {
            Withdraw(runId, mine);
            gate.Leave();
            throw;
        }

        var telemetry = RunTelemetry.Begin(run, isNew: true, earlier: null, RunTraceContext.Parse(origin.TraceParent), environment.TimeProvider);
        var actor = NewActor(run, new Lease(Node, 1, environment.TimeProvider.GetUtcNow() + LeaseDuration), origin, telemetry, mine);
        var turn = gate.TryTakeTurn(workflow.Definition);
        bool rests;
        try
        {
            rests = await actor.BeginAsync(turn is not null, cancellationToken);
        }
        catch (Exception e)
        {
            turn?.Dispose();
            Withdraw(runId, mine);
            run.Dispose();
            gate.Leave();
            if (e is not (RunExistsException or DuplicateRunException or ScheduleFiredException))
            {
                // It may be stored all the same, as this node's.
                OnNotGivenBack(runId);
            }

            throw;
        }

        mine.SetResult(actor);
        if (rests)
        {
            turn?.Dispose();
            gate.Leave();
        }
        else
        {
            Drive(actor, workflow.Definition, turn, gate.Leave);
        }

        return new RunHandle(runId, actor.Ended);
    }

    /// <exception cref="RunExistsException">There is a run of this id, and it is stored: who is only about to store one may fail.</exception>
    private async ValueTask AddAsync(string runId, TaskCompletionSource<RunActor?> mine, CancellationToken cancellationToken)
    {
        while (!live.TryAdd(runId, mine))
        {
            if (live.TryGetValue(runId, out var other) && await other.Task.WaitAsync(cancellationToken) is not null)
            {
                throw new RunExistsException(runId);
            }
        }
    }

    private WorkflowRun Create(ExecutableWorkflow workflow, string runId, StartRequest request, Person? startedBy, RunOrigin origin) => WorkflowRun.Create(
        workflow,
        new RunStart
        {
            RunId = runId,
            Input = request.Input,
            CorrelationId = request.CorrelationId,
            TriggerActivityId = request.TriggerActivityId,
            TriggerPayload = request.TriggerPayload,
            StartedBy = startedBy,
            Hands = origin.Hands,
            Parent = origin.Parent,
        },
        environment);

    private NodeBusyException Draining()
    {
        RuntimeMeter.Rejected.Add(1, new KeyValuePair<string, object?>(RuntimeMeter.Reason, "draining"));
        return new NodeBusyException("This node is being drained and takes no new runs.", retryAfter);
    }
}
