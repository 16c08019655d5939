namespace FederationWorkflows.Engine.Scheduling;

/// <summary>A trigger's stimulus that is a matter of time: the runtime starts a run whenever it is due.</summary>
public interface ISchedule
{
    /// <summary>What becomes of times that passed while no server ran.</summary>
    MisfirePolicy Misfire { get; }

    /// <summary>The first time after a given one, UTC; null when there is none any more.</summary>
    /// <param name="after">The last time it was due; at first, the moment of publication.</param>
    DateTimeOffset? NextAfter(DateTimeOffset after);
}

/// <summary>What becomes of scheduled times that passed while no server ran. Elsa has no such choice.</summary>
public enum MisfirePolicy
{
    /// <summary>However many passed, one run starts at once.</summary>
    FireOnceNow,

    /// <summary>They are left out.</summary>
    Skip,

    /// <summary>Each starts a run of its own, up to a limit of the server.</summary>
    FireAll,
}
