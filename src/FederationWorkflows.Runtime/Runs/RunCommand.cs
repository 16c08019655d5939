using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Something to be done to a run between its turns. It completes once the change is stored, or when there was nothing to change.</summary>
/// <param name="change">Changes the run; false when there was nothing to change.</param>
/// <param name="followUpId">The follow-up work that this does, which goes with the commit of the change; null for none.</param>
internal sealed class RunCommand(Func<WorkflowRun, bool> change, string? followUpId = null) : TaskCompletionSource<CommandOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private const int Carried = 1;

    private const int Withdrawn = 2;

    private int state;

    public Func<WorkflowRun, bool> Change => change;

    public string? FollowUpId { get; private set; } = followUpId;

    /// <summary>It ends the run, which needs no turn for that.</summary>
    public bool EndsRun { get; private init; }

    public static RunCommand Cancel() => new(run => run.Cancel()) { EndsRun = true };

    /// <summary>There was nothing to change, which is answered with the next commit: it may have been changed by what that stores.</summary>
    public bool IsRefused { get; private set; }

    public void Refuse() => IsRefused = true;

    /// <summary>Meanwhile it is stored as work of its own, which it does if it is carried out.</summary>
    public void IsStoredAs(string followUpId) => FollowUpId = followUpId;

    /// <summary>It is about to be carried out.</summary>
    /// <returns>False when it was withdrawn.</returns>
    public bool TryCarry() => Interlocked.CompareExchange(ref state, Carried, 0) == 0;

    /// <summary>It is not to be carried out any more.</summary>
    /// <returns>False when it is being carried out, or has been.</returns>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref state, Withdrawn, 0) == 0;
}

/// <summary>What all actors of a node share.</summary>
internal sealed record RunActorServices(IRunStore Runs, TimeProvider TimeProvider, Engine.State.StateCodec Codec, IReadOnlyList<IRunObserver> Observers, IReadOnlyList<IEffectHandler> EffectHandlers);
