using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Wakes the timer service when a commit brings a timer, which may be due earlier than what it sleeps for.</summary>
internal sealed class TimerWaker(TimeProvider timeProvider) : IRunObserver
{
    /// <summary>What the service sleeps by. What was missed is found by looking again after so long.</summary>
    public Alarm Alarm { get; } = new(timeProvider, TimeSpan.FromSeconds(30));

    public void OnCommitted(RunTransaction transaction)
    {
        if (transaction.NewTimers.Count > 0)
        {
            Alarm.Ring();
        }
    }
}
