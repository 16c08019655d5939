using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Stories;

/// <summary>Where a story finds the stories it calls. The runtime provides it; an engine without one cannot call stories.</summary>
public interface IStoryDirectory
{
    /// <summary>A version of a story, compiled.</summary>
    /// <param name="definitionId">The id that all versions share.</param>
    /// <param name="version"><c>Published</c>, <c>Latest</c>, a version's number, or a version's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The graph; null when there is no such version.</returns>
    ValueTask<ExecutableWorkflow?> FindAsync(string definitionId, string version, CancellationToken cancellationToken);
}
