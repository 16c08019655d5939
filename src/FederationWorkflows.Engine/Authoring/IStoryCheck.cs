using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine;

/// <summary>An activity that has something to say about how a story uses it. Elsa has no such thing.</summary>
public interface IStoryCheck
{
    /// <summary>What the author should know, once the story is compiled.</summary>
    /// <param name="node">The activity's place.</param>
    IEnumerable<DefinitionProblem> Check(ActivityNode node);
}
