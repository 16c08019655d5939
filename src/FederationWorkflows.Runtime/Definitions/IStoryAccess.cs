using System.Security.Claims;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>
/// Says who may publish a story, and start it by hand, where a story uses what not everybody may use. A host registers none, one or several; all must
/// agree. What a run may use while it goes on is not decided here: that is for the activities that use it.
/// </summary>
public interface IStoryAccess
{
    /// <summary>What keeps somebody from a story; nothing when he may.</summary>
    /// <param name="story">The story.</param>
    /// <param name="caller">Who wants to publish it or start it by hand.</param>
    IEnumerable<DefinitionProblem> Check(ExecutableWorkflow story, ClaimsPrincipal caller);
}

/// <summary>Somebody may not start a story by hand, or let a run of it go on. Nothing was changed.</summary>
public sealed class StoryNotAllowedException(IReadOnlyList<DefinitionProblem> problems) : Exception(string.Join(' ', problems.Select(problem => problem.Message).Distinct()))
{
    /// <summary>What keeps him from it.</summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; } = problems;
}

/// <summary>All that say something about who may publish and start stories.</summary>
internal sealed class StoryAccess(IEnumerable<IStoryAccess> rules)
{
    private readonly IStoryAccess[] rules = [.. rules];

    /// <exception cref="DefinitionException">He may not publish it.</exception>
    public void RequireToPublish(ExecutableWorkflow story, ClaimsPrincipal caller)
    {
        if (Problems(story, caller) is { Length: > 0 } problems)
        {
            throw new DefinitionException(problems);
        }
    }

    /// <exception cref="StoryNotAllowedException">He may not start it, or let it go on.</exception>
    public void RequireToStart(ExecutableWorkflow story, ClaimsPrincipal caller)
    {
        if (Problems(story, caller) is { Length: > 0 } problems)
        {
            throw new StoryNotAllowedException(problems);
        }
    }

    private DefinitionProblem[] Problems(ExecutableWorkflow story, ClaimsPrincipal caller) => [.. rules.SelectMany(rule => rule.Check(story, caller))];
}

/// <summary>A caller as one of those through whose hands a run goes.</summary>
internal static class CallerHands
{
    /// <summary>His roles, as runs keep them.</summary>
    public static string Hand(this ClaimsPrincipal caller) => Engine.Stories.Hands.Of(caller.FindAll(ClaimTypes.Role).Select(role => role.Value));
}
