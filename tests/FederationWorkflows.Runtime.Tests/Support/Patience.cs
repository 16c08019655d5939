namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>How long tests wait for what happens at once on an idle machine.</summary>
internal static class Patience
{
    /// <summary>A machine with much else to do needs no longer: whoever waits for it in vain has failed.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
}
