namespace FederationWorkflows.Runtime.Runs;

/// <summary>What became of a command to a run.</summary>
internal enum CommandOutcome
{
    /// <summary>It changed the run, and the change is stored.</summary>
    Done,

    /// <summary>There was nothing to change: the run has ended, does not exist, or does not wait for it any more.</summary>
    Nothing,

    /// <summary>Another node drives the run.</summary>
    Elsewhere,

    /// <summary>The run cannot be loaded: its definition is gone.</summary>
    Unloadable,
}
