using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Something to be done to a run between its turns. It completes once the change is stored, or when there was nothing to change.</summary>
internal sealed class RunCommand(Func<WorkflowRun, bool> change) : TaskCompletionSource<CommandOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public Func<WorkflowRun, bool> Change => change;
}

/// <summary>What all actors of a node share.</summary>
internal sealed record RunActorServices(IRunStore Runs, TimeProvider TimeProvider, Engine.State.StateCodec Codec, IReadOnlyList<IRunObserver> Observers, IReadOnlyList<IEffectHandler> EffectHandlers);
