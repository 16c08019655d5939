namespace FederationWorkflows.Engine.Activities.Events;

/// <summary>What <c>Elsa.Event</c> waits for: an event of this name, letter for letter.</summary>
/// <param name="EventName">The name.</param>
public sealed record EventStimulus(string EventName)
{
    /// <summary>The kind of bookmark and trigger.</summary>
    public const string Kind = "Elsa.Event";
}
