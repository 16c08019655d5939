namespace FederationWorkflows.Engine.Stories;

/// <summary>The run that started a run, and what it wants to hear of it.</summary>
/// <param name="RunId">The starting run.</param>
/// <param name="Tell">When it wants to hear.</param>
/// <param name="BookmarkId">Where it waits; null when it does not.</param>
/// <param name="Index">Which of the runs it started there, from 0.</param>
/// <param name="Depth">How many runs stand above this one, from 1.</param>
/// <param name="WaitingStories">The stories that wait for this run, outermost first: calling one of them again would be a circle.</param>
public sealed record RunParent(string RunId, TellParent Tell, string? BookmarkId, int Index, int Depth, IReadOnlyList<string> WaitingStories);

/// <summary>When a run tells the run that started it.</summary>
public enum TellParent
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>When it first waits for something outside, or ends.</summary>
    AtRest,

    /// <summary>When it ends.</summary>
    AtEnd,
}
